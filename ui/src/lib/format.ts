/** Numbers and names as the page writes them. */
import type { Answer, Estimate, IntervalKind, SplitSummary } from '../review';

/** Shown for a figure that has no value. */
export const NO_VALUE = 'n/a';

const grouped = new Intl.NumberFormat('en-US');

/** A whole number with thousands separated: `1,204`. */
export function count(n: number): string {
  return grouped.format(n);
}

/** A count with its noun, in the plural where it is due: `1 example`, `38 examples`. */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}

/** Decimals that a figure deserves: two, or three when its interval is narrower than 0.02. */
export function decimals(low: number | null, high: number | null): number {
  if (low === null || high === null) return 2;
  const width = high - low;
  return width > 0 && width < 0.02 ? 3 : 2;
}

/** A figure with fixed decimals; `n/a` without a value; a true minus sign. */
export function figure(value: number | null | undefined, places = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  const text = value.toFixed(places);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '\u2212');
}

/** The value of an estimate with the decimals that its interval deserves. */
export function estimateValue(estimate: Estimate): string {
  return figure(estimate.value, decimals(estimate.low, estimate.high));
}

/** The interval of an estimate, `0.84 to 0.89`; `no interval` without one. */
export function estimateRange(estimate: Estimate, places = decimals(estimate.low, estimate.high)): string {
  if (estimate.low === null || estimate.high === null) return 'no interval';
  return `${figure(estimate.low, places)} to ${figure(estimate.high, places)}`;
}

const INTERVALS: Record<IntervalKind, string> = {
  wilson: 'Wilson score interval',
  bootstrap: 'bootstrap interval',
  delta: 'delta method interval',
  delong: 'DeLong interval',
  none: 'no interval',
};

/** How an interval was made, in words. */
export function intervalName(kind: IntervalKind): string {
  return INTERVALS[kind] ?? kind;
}

/** Everything about an estimate in one line, for titles and screen readers. */
export function describe(estimate: Estimate): string {
  const base = `n = ${count(estimate.n)}`;
  if (estimate.value === null) return `${NO_VALUE}, ${base}`;
  if (estimate.low === null) return `${estimateValue(estimate)}, no interval, ${base}`;
  return `${estimateValue(estimate)}, ${estimateRange(estimate)} (95 %, ${intervalName(estimate.interval)}), ${base}`;
}

/** A signed difference: `+0.21`, `\u22120.03`. */
export function signed(value: number, places = 2): string {
  const text = figure(value, places);
  return value > 0 && Number(value.toFixed(places)) !== 0 ? `+${text}` : text;
}

/** A p-value: two significant places, `< 0.001` below that. */
export function pValue(p: number | null): string {
  if (p === null) return NO_VALUE;
  if (p < 0.001) return '< 0.001';
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** Seconds in the unit that reads best: `840 ms`, `3.2 s`, `2 min 5 s`. */
export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 120) return `${value.toFixed(1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

/** Bytes in binary units: `182 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let rest = value;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${rest < 10 && unit > 0 ? rest.toFixed(1) : Math.round(rest)} ${units[unit]}`;
}

/** Cuts a long name in the middle, by code points. */
export function middle(name: string, most = 24): string {
  const points = Array.from(name);
  if (points.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${points.slice(0, head).join('')}\u2026${points.slice(points.length - (most - 1 - head)).join('')}`;
}

/** A label's name inside a sentence. */
export function quoted(label: string): string {
  return `\u2018${label}\u2019`;
}

/** A loss: two significant places, for losses come in all sizes. */
export function loss(value: number | null | undefined): string {
  return value === null || value === undefined || value >= 1 ? figure(value) : String(Number(value.toPrecision(2)));
}

/** An answer in words: the label, the labels, or how many spans of each type; `none` for an empty one. */
export function answerText(answer: Answer | undefined): string {
  if (answer === undefined) return 'not evaluated';
  if (typeof answer === 'string') return answer;
  if (answer.length === 0) return 'none';
  const times = new Map<string, number>();
  for (const part of answer) {
    const label = typeof part === 'string' ? part : part.label;
    times.set(label, (times.get(label) ?? 0) + 1);
  }
  return [...times].map(([label, n]) => (n > 1 ? `${count(n)} \u00d7 ${label}` : label)).join(', ');
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).pop() || path;
}

/** The file of a split, for a headline. */
export function fileName(split: SplitSummary): string {
  return baseName(split.file) || split.name;
}
