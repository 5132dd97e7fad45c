import { expect, test } from 'vitest';
import type { MarkedSpan } from '../src/review';
import { goldSpans, markCounts, pieces, tagsOf } from '../src/lib/marks';

const span = (start: number, end: number, gold: string | null, predicted: string | null, mark: MarkedSpan['mark']): MarkedSpan => ({ start, end, gold, predicted, mark });
const texts = (text: string, spans: MarkedSpan[]) => pieces(text, spans).map((p) => p.text);

test('offsets are code points, not UTF-16 units', () => {
  // Two characters outside the basic plane stand before the name.
  const text = '\u{1f600}\u{1f600} Anna came';
  expect(texts(text, [span(3, 7, 'PER', 'PER', 'match')])).toEqual(['\u{1f600}\u{1f600} ', 'Anna', ' came']);
});

test('a text without spans is one piece, an empty text none', () => {
  expect(texts('plain', [])).toEqual(['plain']);
  expect(texts('', [])).toEqual([]);
});

test('the two sides of a wrong boundary share one tag, after the longer one', () => {
  const found = pieces('Lake Geneva is', [span(0, 11, 'LOC', null, 'boundary'), span(5, 11, null, 'LOC', 'boundary')]);
  expect(found.map((p) => p.text)).toEqual(['Lake ', 'Geneva', ' is']);
  expect(found[0]?.tags).toEqual([]);
  expect(found[1]?.tags).toEqual([{ mark: 'boundary', word: 'boundary', type: 'LOC' }]);
  expect(found[1]).toMatchObject({ opens: true, closes: true });
});

test('overlapping spans keep both marks where they overlap', () => {
  const found = pieces('abcdef', [span(0, 4, 'X', null, 'missed'), span(2, 6, null, 'Y', 'spurious')]);
  expect(found.map((p) => [p.text, p.gold.length, p.predicted.length])).toEqual([['ab', 1, 0], ['cd', 1, 1], ['ef', 0, 1]]);
  expect(found[2]?.tags.map((t) => t.word)).toEqual(['missed', 'spurious']);
});

test('spans that only touch have their own tags', () => {
  const found = pieces('abcd', [span(0, 2, 'X', 'X', 'match'), span(2, 4, 'Y', null, 'missed')]);
  expect(found.map((p) => p.tags.length)).toEqual([1, 1]);
});

test('offsets past the end are cut, and an empty span keeps its tag', () => {
  expect(texts('abc', [span(1, 99, 'X', null, 'missed')])).toEqual(['a', 'bc']);
  const found = pieces('abc', [span(1, 1, 'X', null, 'missed')]);
  expect(found.map((p) => [p.text, p.tags.length])).toEqual([['a', 0], ['', 1], ['bc', 0]]);
});

test('no tag is lost or shown twice, however spans overlap', () => {
  let state = 7;
  const below = (n: number) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: 12 }, () => (below(3) === 0 ? '\u{1f680}' : 'x')).join('');
    const spans = Array.from({ length: below(5) }, () => {
      const start = below(12);
      return span(start, start + below(13 - start), 'T', null, 'missed');
    }).sort((a, b) => a.start - b.start);
    const found = pieces(text, spans);
    expect(found.map((p) => p.text).join('')).toBe(text);
    expect(found.flatMap((p) => p.tags)).toHaveLength(spans.length);
  }
});

test('tags name both types where they differ', () => {
  expect(tagsOf([span(0, 2, 'LOC', 'ORG', 'wrong-type')])).toEqual([{ mark: 'wrong-type', word: 'wrong type', type: 'LOC \u2192 ORG' }]);
  expect(tagsOf([span(0, 4, 'LOC', null, 'type-and-boundary'), span(0, 2, null, 'ORG', 'type-and-boundary')])[0]?.type).toBe('LOC \u2192 ORG');
  expect(tagsOf([span(0, 2, 'PER', 'PER', 'match')])).toEqual([{ mark: 'match', word: '', type: 'PER' }]);
});

test('agreement is not counted among the faults', () => {
  expect(markCounts([span(0, 1, 'X', 'X', 'match'), span(2, 3, 'X', null, 'missed'), span(4, 5, 'X', null, 'missed')])).toEqual([{ mark: 'missed', count: 2 }]);
});

test('a gold answer of spans stands unmarked, other answers have none', () => {
  expect(goldSpans([{ start: 2, end: 5, label: 'PER' }])).toEqual([span(2, 5, 'PER', null, 'match')]);
  expect([goldSpans('a'), goldSpans(['a', 'b']), goldSpans(undefined)]).toEqual([[], [], []]);
});
