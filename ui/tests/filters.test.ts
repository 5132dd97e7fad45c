import { expect, test } from 'vitest';
import type { ExampleRecord, Finding, Review } from '../src/review';
import { emptyFilter, findingKeys, firstShow, fromHash, isFiltered, rowsOf, select, spansOf, toHash, type Filter } from '../src/lib/filters';

const record = (line: number, gold: string, predicted: string | undefined, more: Partial<ExampleRecord> = {}): ExampleRecord => ({
  text: `text ${line} of ${gold}`, split: predicted === undefined ? 'train' : 'test', line, gold,
  ...(predicted === undefined ? {} : { predicted, correct: gold === predicted, score: line / 10 }), ...more,
});
const examples: Record<string, ExampleRecord> = {
  '10': record(10, 'a', 'a'),
  '2': record(2, 'a', 'b', { metadata: { source: 'mail' } }),
  '3': record(3, 'b', 'a'),
  '4': record(4, 'b', 'b'),
  't/1': record(1, 'a', undefined),
};
const errors = ['3', '2'].map((id) => ({ id, gold: 'a', predicted: 'b', score: 0.9, why: '' }));
const rows = rowsOf({ examples, errors } as unknown as Review);
const all: Filter = { ...emptyFilter('wrong'), show: 'all' };
const ids = (change: Partial<Filter>, only: string[] | null = null) => select(rows, { ...all, ...change }, 'classification', only && new Set(only)).map((r) => r.id);

test('errors come first in their order, then the others by line, the unevaluated last', () => {
  expect(ids({})).toEqual(['3', '2', '4', '10', 't/1']);
});

test('wrong, right and all', () => {
  expect(ids({ show: 'wrong' })).toEqual(['3', '2']);
  expect(ids({ show: 'right' })).toEqual(['4', '10']);
});

test('a confusion cell is gold and prediction at once, a label is either', () => {
  expect(ids({ gold: 'a', predicted: 'b' })).toEqual(['2']);
  expect(ids({ label: 'a', show: 'wrong' })).toEqual(['3', '2']);
  expect(ids({ gold: 'b' })).toEqual(['3', '4']);
});

test('a label shows what was evaluated, and other examples under a finding that names them', () => {
  expect(ids({ gold: 'a' })).toEqual(['2', '10']);
  expect(ids({ label: 'a' })).toEqual(['3', '2', '10']);
  expect(ids({ label: 'a' }, ['t/1', '2', '4'])).toEqual(['t/1', '2']);
});

test('a finding keeps its own order, worst first', () => {
  expect(ids({}, ['10', '3', 'absent'])).toEqual(['10', '3']);
});

test('the search looks for every word in text, id and metadata', () => {
  expect(ids({ search: 'MAIL' })).toEqual(['2']);
  expect(ids({ search: 'text of b' })).toEqual(['3', '4']);
  expect(ids({ search: 't/1' })).toEqual(['t/1']);
  expect(ids({ search: 'nowhere' })).toEqual([]);
  expect(ids({ meta: 'source=mail' })).toEqual(['2']);
});

test('sorting by id counts numbers, by score leaves those without one last', () => {
  expect(ids({ sort: 'id' })).toEqual(['2', '3', '4', '10', 't/1']);
  expect(ids({ sort: 'score', descending: true })).toEqual(['10', '4', '3', '2', 't/1']);
  expect(ids({ sort: 'score' })).toEqual(['2', '3', '4', '10', 't/1']);
});

test('for spans a cell is one span with that gold and that prediction', () => {
  const ner = rowsOf({
    errors: [],
    examples: {
      x: { ...record(1, '', ''), gold: [], predicted: [], spans: [
        { start: 0, end: 1, gold: 'PER', predicted: null, mark: 'missed' }, { start: 2, end: 3, gold: 'LOC', predicted: 'ORG', mark: 'wrong-type' }] },
      y: { ...record(2, '', ''), gold: [], predicted: [], spans: [{ start: 0, end: 1, gold: null, predicted: 'ORG', mark: 'spurious' }] },
    },
  } as unknown as Review);
  const found = (change: Partial<Filter>) => select(ner, { ...all, ...change }, 'ner', null).map((r) => r.id);
  expect(found({ gold: 'PER', predicted: '(none)' })).toEqual(['x']);
  expect(found({ gold: 'PER', predicted: 'ORG' })).toEqual([]);
  expect(found({ gold: '(none)', predicted: 'ORG' })).toEqual(['y']);
  expect(found({ mark: 'wrong-type' })).toEqual(['x']);
  expect(ner.map((row) => spansOf(row, { ...all, predicted: 'ORG' }))).toEqual([1, 1]);
});

test('a filter comes back from its address as it was', () => {
  const start = emptyFilter('wrong');
  const filter: Filter = { ...start, show: 'all', finding: 'E402.2', gold: 'a&b=c#', predicted: '\u00fc %', label: 'x y', mark: 'wrong-type', side: 'before', meta: 'source=mail', search: '"q" + 1', sort: 'score', descending: true, example: 'test/17' };
  expect(fromHash(`#${toHash(filter, start)}`, start)).toEqual(filter);
  expect(toHash(start, start)).toBe('');
  expect(isFiltered({ ...start, example: 'x', sort: 'id' }, start)).toBe(false);
  expect(isFiltered({ ...start, search: 'x' }, start)).toBe(true);
});

test('unknown words in an address fall back', () => {
  const start = emptyFilter('wrong');
  expect(fromHash('#show=maybe&sort=-nothing&mark=odd&side=left', start)).toEqual(start);
});

test('findings of one code have their own keys', () => {
  const findings = ['E403', 'D101', 'E403'].map((code) => ({ code }) as Finding);
  expect(findingKeys(findings)).toEqual(['E403', 'D101', 'E403.2']);
});

const versus = rowsOf({
  errors: ['worse', 'stuck', 'other'].map((id) => ({ id })),
  comparison: { flips: { fixed: ['later', 'better'], broken: ['worse'] } },
  examples: {
    better: record(1, 'a', 'a', { baseline: 'b' }),
    later: record(2, 'b', 'b', { baseline: 'a' }),
    worse: record(3, 'a', 'b', { baseline: 'a' }),
    stuck: record(4, 'a', 'b', { baseline: 'b' }),
    other: record(5, 'a', 'b', { baseline: 'c' }),
    fine: record(6, 'c', 'c', { baseline: 'c' }),
    leaked: record(7, 'a', 'a'),
  },
} as unknown as Review);
const flipped = (change: Partial<Filter>) => select(versus, { ...all, ...change }, 'classification', null).map((r) => r.id);

test('a comparison shows what was fixed and broken, surest first, and leaves out what was not compared', () => {
  expect(flipped({ show: 'fixed' })).toEqual(['later', 'better']);
  expect(flipped({ show: 'broken' })).toEqual(['worse']);
  expect(flipped({ show: 'both-wrong' })).toEqual(['stuck', 'other']);
  expect(flipped({ show: 'changed' })).toEqual(['other']);
  expect(flipped({ show: 'both-right' })).toEqual(['fine']);
  expect(flipped({})).toHaveLength(7);
});

test('a cell is looked for after, before, or where it moved', () => {
  const cell = { gold: 'a', predicted: 'b' };
  expect(flipped(cell)).toEqual(['worse', 'stuck', 'other']);
  expect(flipped({ ...cell, side: 'before' })).toEqual(['stuck', 'better']);
  expect(flipped({ ...cell, side: 'moved' })).toEqual(['worse', 'other', 'better']);
  expect(flipped({ label: 'c' })).toEqual(['other', 'fine']);
});

test('a comparison opens with what it broke, a review with what is wrong', () => {
  const opens = (broken_count: number, fixed_count: number, errors: number) => firstShow({ errors: Array(errors), comparison: { flips: { broken_count, fixed_count } } } as unknown as Review);
  expect([opens(1, 1, 2), opens(0, 1, 2), opens(0, 0, 2), opens(0, 0, 0)]).toEqual(['broken', 'fixed', 'wrong', 'all']);
  expect([2, 0].map((errors) => firstShow({ errors: Array(errors) } as unknown as Review))).toEqual(['wrong', 'all']);
});

test('the mark of a span before is not one after', () => {
  const span = { start: 0, end: 1, gold: 'PER', predicted: null, mark: 'missed' };
  const ner = rowsOf({
    errors: [], comparison: { flips: { fixed: ['x'], broken: [] } },
    examples: { x: { ...record(1, '', ''), gold: [], predicted: [], correct: true, spans: [], baseline: [], baseline_spans: [span, span] }, y: { ...record(2, '', ''), gold: [], predicted: [], spans: [span], baseline: [], baseline_spans: [span] } },
  } as unknown as Review);
  const found = (change: Partial<Filter>) => select(ner, { ...all, mark: 'missed', ...change }, 'ner', null).map((r) => r.id);
  expect(found({})).toEqual(['y']);
  expect(found({ side: 'before' })).toEqual(['x', 'y']);
  expect(found({ side: 'moved' })).toEqual(['x']);
  expect(ner.map((row) => spansOf(row, { ...all, gold: 'PER', side: 'before' })).sort()).toEqual([1, 2]);
});
