/** Reading a comparison: which examples changed sides, the difference of two matrices, words and places of differences. */
import type { Answer, Check, Compared, Comparison, Confusion, ExampleRecord, PairedTest, Review } from '../review';
import { ordered } from './order';
import { baseName, bytes, figure, NO_VALUE, pValue, seconds, signed } from './format';

/** What became of an example: right or wrong before and after. */
export type Flip = 'fixed' | 'broken' | 'both-wrong' | 'both-right';

/** An answer as one string: the same for the same labels or spans in whatever order. */
function keyOf(answer: Answer): string {
  if (typeof answer === 'string') return JSON.stringify(answer);
  return JSON.stringify(answer.map((part) => (typeof part === 'string' ? part : `${part.start} ${part.end} ${part.label}`)).sort());
}

/** Whether two answers say the same. */
export function sameAnswer(a: Answer, b: Answer): boolean {
  return keyOf(a) === keyOf(b);
}

/** Which side each compared example stands on; `null` for one that was not compared. */
export function flipsOf({ flips }: Comparison): (id: string, record: ExampleRecord) => Flip | null {
  const [fixed, broken] = [new Set(flips.fixed), new Set(flips.broken)];
  return (id, { baseline, gold, correct }) => {
    if (baseline === undefined || correct === undefined) return null;
    // The lists decide; they end at 10,000, and behind that the answers tell.
    const before = broken.has(id) || (!fixed.has(id) && sameAnswer(baseline, gold));
    return correct ? (before ? 'both-right' : 'fixed') : before ? 'broken' : 'both-wrong';
  };
}

/** The candidate's counts less the baseline's, which stand over the same labels. */
export function countDifference(before: Confusion, after: Confusion): Confusion {
  return { ...after, counts: after.counts.map((row, i) => row.map((n, j) => n - (before.counts[i]?.[j] ?? 0))) };
}

/** Off-diagonal cells that moved, most first. */
export function movedPairs({ labels, counts }: Confusion): { gold: string; predicted: string; by: number; i: number; j: number }[] {
  return counts
    .flatMap((row, i) => row.flatMap((by, j) => (i !== j && by !== 0 ? [{ gold: labels[i] ?? '', predicted: labels[j] ?? '', by, i, j }] : [])))
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by));
}

/** Decimals of a difference and its figures: three, fewer for large ones such as costs. */
export function placesOf({ difference: { value, low, high } }: Compared): number {
  const most = Math.max(...[value, low, high].map((x) => Math.abs(x ?? 0)));
  return most >= 10 ? 1 : most >= 1 ? 2 : 3;
}

/** `+0.034`, and the interval in brackets apart. */
export function differenceText(compared: Compared): [string, string] {
  const { value, low, high } = compared.difference;
  const places = placesOf(compared);
  return [value === null ? NO_VALUE : signed(value, places), low === null || high === null ? '' : `${signed(low, places)} to ${signed(high, places)}`];
}

const TESTS: Record<PairedTest, string> = {
  mcnemar: 'McNemar\u2019s exact test',
  resampling: 'paired bootstrap and randomisation',
  jackknife: 'jackknife',
  t: 'Student\u2019s t of paired differences',
  delong: 'DeLong\u2019s test',
  delta: 'linearised difference',
  none: 'no test',
};

/** Everything about a difference in one line, for titles and screen readers. */
export function describeDifference(compared: Compared): string {
  const places = placesOf(compared);
  const [value, range] = differenceText(compared);
  const p = compared.p_adjusted ?? compared.p;
  return `${figure(compared.baseline, places)} before, ${figure(compared.candidate, places)} after: ${value}${range && ` (${range})`}, ${compared.standing}; ${TESTS[compared.difference.test]}${p === null ? '' : `, p ${pValue(p).replace(/^(\d)/, '= $1')}`}`;
}

/** How far differences reach from zero, for a scale that several share. */
export function extentOf(list: Compared[]): number {
  return Math.max(0.005, ...list.flatMap(({ difference: d }) => [d.value, d.low, d.high].map((x) => Math.abs(x ?? 0))));
}

/** What is shown to be worse, the largest fall first; where nothing is, what is shown to be better. */
export function shownToMove<T>(rows: T[], figure: (row: T) => Compared): T[] {
  const worse = ordered(rows, (row) => figure(row).difference.value, false).filter((row) => figure(row).standing === 'worse');
  return worse.length > 0 ? worse : ordered(rows, (row) => figure(row).difference.value, true).filter((row) => figure(row).standing === 'better');
}

/** The checks, failed first, then unclear. */
export function orderedChecks(checks: Check[]): Check[] {
  const order = ['failed', 'unclear', 'passed'];
  return [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

const COSTS: Record<string, string> = {
  train_seconds: 'training time',
  train_cpu_seconds: 'training, processor time',
  train_peak_memory_bytes: 'training, peak memory',
  model_bytes: 'model size',
  latency_p50_ms: 'latency, median',
  latency_p99_ms: 'latency, 99th percentile',
};

/** The name of a cost in words. */
export function costName(name: string): string {
  return COSTS[name] ?? name.replaceAll('_', ' ');
}

/** A cost in the unit that its name ends in. */
export function costValue(name: string, value: number | null): string {
  if (value === null) return NO_VALUE;
  if (name.endsWith('_bytes')) return bytes(value);
  if (name.endsWith('_seconds')) return seconds(value);
  if (name.endsWith('_ms')) return `${Number(value.toPrecision(3))} ms`;
  return figure(value);
}

/** What the document is about, for a headline: `old.csv \u2192 new.csv`, or the evaluated file. */
export function titleOf({ comparison, data }: Review): string {
  return comparison ? `${baseName(comparison.baseline.name)} \u2192 ${baseName(comparison.candidate.name)}` : baseName(data.test.file) || data.test.name;
}
