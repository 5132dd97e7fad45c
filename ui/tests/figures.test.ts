import { expect, test } from 'vitest';
import type { Estimate, Review } from '../src/review';
import { confusedLabels, confusedPairs, shade } from '../src/lib/confusion';
import { difference } from '../src/lib/difference';
import { answerText, bytes, count, counted, describe, estimateRange, estimateValue, figure, loss, middle, pValue, seconds, signed } from '../src/lib/format';
import { headMetrics, metricName, onScale, orderedMetrics } from '../src/lib/metrics';
import { linear, shareDomain, ticks } from '../src/lib/scale';

const estimate = (value: number | null, low: number | null, high: number | null): Estimate => ({ value, low, high, n: 1204, interval: low === null ? 'none' : 'wilson' });

test('counts and nouns', () => {
  expect(count(1204)).toBe('1,204');
  expect(counted(1, 'example')).toBe('1 example');
  expect(counted(6, 'pass')).toBe('6 passes');
});

test('a figure without a value is n/a, a minus is a minus, no negative zero', () => {
  expect(figure(null)).toBe('n/a');
  expect(figure(-0.214)).toBe('\u22120.21');
  expect(figure(-0.001)).toBe('0.00');
  expect(signed(0.211)).toBe('+0.21');
  expect(signed(0.0001)).toBe('0.00');
});

test('a narrow interval deserves a third decimal', () => {
  expect(estimateValue(estimate(0.8734, 0.85, 0.89))).toBe('0.87');
  expect(estimateValue(estimate(0.8734, 0.868, 0.879))).toBe('0.873');
  expect(estimateRange(estimate(0.5, null, null))).toBe('no interval');
  expect(describe(estimate(0.87, 0.84, 0.89))).toBe('0.87, 0.84 to 0.89 (95 %, Wilson score interval), n = 1,204');
});

test('a loss keeps two significant places', () => {
  expect([loss(2.7312), loss(0.4704), loss(0.013872), loss(null)]).toEqual(['2.73', '0.47', '0.014', 'n/a']);
});

test('p, seconds, bytes', () => {
  expect([pValue(0.0004), pValue(0.0312), pValue(0.5), pValue(null)]).toEqual(['< 0.001', '0.031', '0.50', 'n/a']);
  expect([seconds(0.0421), seconds(3.21), seconds(125)]).toEqual(['42 ms', '3.2 s', '2 min 5 s']);
  expect([bytes(512), bytes(191365120)]).toEqual(['512 B', '183 MiB']);
});

test('long names are cut in the middle by code points', () => {
  expect(middle('short')).toBe('short');
  expect(middle('a'.repeat(30), 9)).toBe('aaaa\u2026aaaa');
  expect(Array.from(middle('\u{1f600}'.repeat(30), 9))).toHaveLength(9);
});

test('answers in words', () => {
  expect([answerText('a'), answerText(['a', 'b']), answerText([]), answerText(undefined)]).toEqual(['a', 'a, b', 'none', 'not evaluated']);
  expect(answerText(['PER', 'ORG', 'PER'].map((label, start) => ({ start, end: start + 1, label })))).toBe('2 \u00d7 PER, ORG');
});

test('the primary metric stands first, losses are not drawn on the scale of shares', () => {
  const metrics = { log_loss: estimate(0.2, 0.1, 0.3), accuracy: estimate(0.9, 0.8, 0.95), zeta: estimate(1, 1, 1), f1_macro: estimate(0.8, 0.7, 0.9) };
  const review = { task: 'classification', verdict: { metric: 'f1_macro' }, metrics } as unknown as Review;
  expect(orderedMetrics(review).map(([name]) => name)).toEqual(['f1_macro', 'accuracy', 'log_loss', 'zeta']);
  expect(headMetrics(review).map(([name]) => name)).toEqual(['f1_macro', 'accuracy', 'log_loss']);
  const unscored = { ...review, metrics: { ...metrics, log_loss: estimate(null, null, null), f1_macro: estimate(null, null, null) } } as unknown as Review;
  expect(headMetrics(unscored).map(([name]) => name)).toEqual(['f1_macro', 'accuracy']);
  expect(onScale('log_loss', metrics.log_loss)).toBe(false);
  expect(onScale('matthews_corrcoef', estimate(-0.1, -0.2, 0))).toBe(false);
  expect(metricName('top_3_accuracy')).toBe('top 3 accuracy');
  expect(metricName('own_metric')).toBe('own metric');
});

test('scales clamp, share the tenth below, and tick on round values', () => {
  const scale = linear(0, 1, 10, 110);
  expect([scale.at(-1), scale.at(0.5), scale.at(2)]).toEqual([10, 60, 110]);
  expect(linear(3, 3, 0, 10).at(3)).toBe(5);
  expect(shareDomain([0.84, 0.62, null])).toEqual([0.6, 1]);
  expect(shareDomain([1])).toEqual([0.9, 1]);
  expect(shareDomain([])).toEqual([0, 1]);
  expect(ticks(0, 1.9, 3)).toEqual([0, 1, 2]);
  expect(ticks(0.61, 0.79, 3)).toEqual([0.6, 0.7, 0.8]);
});

const confusion = { labels: ['a', 'b', 'c'], counts: [[8, 2, 0], [5, 5, 0], [0, 0, 9]], axes: { rows: 'gold', columns: 'prediction' } };

test('confused pairs, most first, with their gold', () => {
  expect(confusedPairs(confusion)).toEqual([{ gold: 'b', predicted: 'a', count: 5, total: 10 }, { gold: 'a', predicted: 'b', count: 2, total: 10 }]);
});

test('labels worth showing are those that are confused, and no more than asked', () => {
  expect(confusedLabels(confusion)).toEqual([0, 1]);
  const many = { ...confusion, labels: ['a', 'b', 'c', 'd'], counts: [[0, 9, 0, 0], [0, 0, 0, 0], [0, 0, 0, 8], [0, 0, 0, 0]] };
  expect(confusedLabels(many, 3)).toEqual([0, 1]);
  expect(confusedLabels({ ...confusion, counts: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] })).toEqual([]);
});

test('any count has a shade, none has none', () => {
  expect([shade(0, 10), shade(1, 100000), shade(10, 10)]).toEqual([0, 1, 8]);
});

test('the difference of two texts is what one has and the other lacks', () => {
  const own = (one: string, two: string) => difference(one, two).map((side) => side.filter((part) => part.own).map((part) => part.text));
  expect(own('I paid twice in May', 'I paid once in May')).toEqual([['twice'], ['once']]);
  expect(own('Then I paid in May', 'I paid in May (2024)')).toEqual([['Then '], [' (2024)']]);
  expect(own('same', 'same')).toEqual([[], []]);
  expect(own('', 'a')).toEqual([[], ['a']]);
  const long = 'a b '.repeat(700);
  for (const [one, two] of [['a a', 'a a a'], [long, `x ${long}`]] as const) {
    expect(difference(one, two).map((side) => side.map((part) => part.text).join(''))).toEqual([one, two]);
  }
});
