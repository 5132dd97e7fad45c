import { expect, test } from 'vitest';
import type { Answer, Check, Compared, Comparison, ExampleRecord, Review } from '../src/review';
import { costName, costValue, countDifference, describeDifference, differenceText, extentOf, flipsOf, movedPairs, orderedChecks, placesOf, sameAnswer, shownToMove, titleOf } from '../src/lib/compare';
import { ordered } from '../src/lib/order';
import { sectionsOf } from '../src/lib/sections';

const compared = (baseline: number | null, candidate: number | null, half: number, standing: Compared['standing'] = 'unclear'): Compared => {
  const value = baseline === null || candidate === null ? null : candidate - baseline;
  return { baseline, candidate, difference: { value, low: value === null ? null : value - half, high: value === null ? null : value + half, test: value === null ? 'none' : 'mcnemar' }, p: value === null ? null : 0.0004, standing };
};

test('answers are the same in whatever order, and spans by place and type', () => {
  expect(sameAnswer(['b', 'a'], ['a', 'b'])).toBe(true);
  expect(sameAnswer('a', ['a'])).toBe(false);
  expect(sameAnswer([{ start: 0, end: 2, label: 'PER', score: 0.4 }], [{ start: 0, end: 2, label: 'PER' }])).toBe(true);
  expect(sameAnswer([{ start: 0, end: 2, label: 'PER' }], [{ start: 0, end: 3, label: 'PER' }])).toBe(false);
});

test('the lists say what flipped, the answers say the rest', () => {
  const flip = flipsOf({ flips: { fixed: ['listed'], broken: [] } } as unknown as Comparison);
  const of = (id: string, baseline: Answer | undefined, correct: boolean) => flip(id, { gold: 'a', correct, ...(baseline === undefined ? {} : { baseline }) } as ExampleRecord);
  expect(of('listed', 'b', true)).toBe('fixed');
  expect(of('past the list', 'b', true)).toBe('fixed');
  expect(of('past the list', 'a', false)).toBe('broken');
  expect(of('x', 'a', true)).toBe('both-right');
  expect(of('x', 'c', false)).toBe('both-wrong');
  expect(of('leaked', undefined, true)).toBe(null);
});

test('the difference of two matrices is the later less the earlier, its largest moves first', () => {
  const axes = { rows: 'gold', columns: 'prediction' };
  const moved = countDifference({ labels: ['a', 'b'], counts: [[5, 3], [1, 7]], axes }, { labels: ['a', 'b'], counts: [[8, 0], [2, 6]], axes });
  expect(moved.counts).toEqual([[3, -3], [1, -1]]);
  expect(movedPairs(moved).map(({ gold, predicted, by }) => [gold, predicted, by])).toEqual([['a', 'b', -3], ['b', 'a', 1]]);
});

test('a difference has three places, a cost fewer, and n/a without a value', () => {
  expect(differenceText(compared(0.8, 0.834, 0.02))).toEqual(['+0.034', '+0.014 to +0.054']);
  expect(differenceText(compared(120, 100, 5))).toEqual(['\u221220.0', '\u221225.0 to \u221215.0']);
  expect(placesOf(compared(2, 3.5, 0.2))).toBe(2);
  expect(differenceText(compared(null, 0.5, 0))).toEqual(['n/a', '']);
  expect(describeDifference(compared(0.8, 0.834, 0.02, 'better'))).toBe('0.800 before, 0.834 after: +0.034 (+0.014 to +0.054), better; McNemar\u2019s exact test, p < 0.001');
  expect(describeDifference({ ...compared(0.8, 0.834, 0.02), p_adjusted: 0.21 })).toContain('p = 0.21');
  expect(extentOf([compared(0.8, 0.75, 0.02), compared(0.5, 0.52, 0.01), compared(null, 1, 0)])).toBeCloseTo(0.07);
});

test('what failed is asked about first', () => {
  const checks = ['passed', 'unclear', 'failed', 'passed'].map((state, i) => ({ state, name: String(i) }) as Check);
  expect(orderedChecks(checks).map((check) => check.name)).toEqual(['2', '1', '0', '3']);
});

test('the largest fall is named, and a rise only where nothing fell', () => {
  const rows = [compared(0.5, 0.6, 0.01, 'better'), compared(0.5, 0.4, 0.01, 'worse'), compared(0.5, 0.2, 0.01, 'worse'), compared(0.9, 0.1, 0.9), compared(0.5, 0.9, 0.01, 'better')];
  const names = (list: Compared[]) => shownToMove(list, (row) => row).map((row) => row.candidate);
  expect(names(rows)).toEqual([0.2, 0.4]);
  expect(names(rows.filter((row) => row.standing !== 'worse'))).toEqual([0.9, 0.6]);
  expect(names([])).toEqual([]);
});

test('rows without a value stand last in either direction', () => {
  const rows = [null, 2, 1, null, 3];
  expect(ordered(rows, (x) => x, false)).toEqual([1, 2, 3, null, null]);
  expect(ordered(rows, (x) => x, true)).toEqual([3, 2, 1, null, null]);
});

test('costs have the unit of their name', () => {
  expect(costName('train_seconds')).toBe('training time');
  expect(costName('energy_kwh')).toBe('energy kwh');
  expect([costValue('train_seconds', 9.7), costValue('model_bytes', 4194304), costValue('latency_p50_ms', 0.0412), costValue('energy_kwh', 2), costValue('model_bytes', null)]).toEqual(['9.7 s', '4.0 MiB', '0.0412 ms', '2.00', 'n/a']);
});

test('a comparison is called by its models and has its own sections', () => {
  const review = { data: { test: { name: 'test', file: 'data/test.csv' } }, slices: [], labels: [] } as unknown as Review;
  const comparison = { baseline: { name: 'runs/a.csv' }, candidate: { name: 'b' }, decision: 'reject', gate: {}, slices: [], costs: [] } as unknown as Comparison;
  expect(titleOf(review)).toBe('test.csv');
  expect(titleOf({ ...review, comparison })).toBe('a.csv \u2192 b');
  expect(sectionsOf(review).map((link) => link.id)).toEqual(['verdict', 'next', 'metrics', 'findings', 'labels', 'data', 'run', 'examples']);
  const links = sectionsOf({ ...review, comparison });
  expect(links.map((link) => link.name)).toEqual(['Decision', 'Next', 'Metrics', 'Policy', 'Answers', 'Findings', 'Labels', 'Data', 'Run', 'Examples']);
  const letters = sectionsOf({ ...review, leakage: {}, training: {}, confusion: {}, comparison: { ...comparison, slices: [1], costs: [1] } } as unknown as Review).map((link) => link.letter);
  expect(new Set(letters).size).toBe(15);
});
