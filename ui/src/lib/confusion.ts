/** Reading a confusion matrix: the most confused pairs, the labels worth showing, the shade of a cell. */
import type { Confusion } from '../review';

export interface ConfusedPair {
  gold: string;
  predicted: string;
  count: number;
  /** Gold of that label. */
  total: number;
}

/** Matrices up to this many labels are shown whole at first. */
export const WHOLE = 20;
/** The darkest of the shades, 0 being none. */
export const SHADES = 8;

/** Off-diagonal cells with a count, most first, then by label order. */
export function confusedPairs(confusion: Confusion): ConfusedPair[] {
  const { labels, counts } = confusion;
  const found: ConfusedPair[] = [];
  counts.forEach((row, i) => {
    const total = rowTotal(row);
    row.forEach((count, j) => {
      if (i !== j && count > 0) found.push({ gold: labels[i] ?? '', predicted: labels[j] ?? '', count, total });
    });
  });
  return found.sort((a, b) => b.count - a.count);
}

/** Gold of a row. */
export function rowTotal(row: number[]): number {
  return row.reduce((sum, count) => sum + count, 0);
}

/** Positions of the labels in the most confused pairs, at most `most`, in label order. */
export function confusedLabels(confusion: Confusion, most = WHOLE): number[] {
  const place = new Map(confusion.labels.map((label, i) => [label, i]));
  const chosen = new Set<number>();
  for (const pair of confusedPairs(confusion)) {
    const both = [place.get(pair.gold), place.get(pair.predicted)].filter((i): i is number => i !== undefined);
    if (new Set([...chosen, ...both]).size > most) continue;
    both.forEach((i) => chosen.add(i));
    if (chosen.size >= most) break;
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The shade of a cell, 0 to 8: the root of its share of the row, so that rare confusions stay visible. */
export function shade(count: number, total: number): number {
  if (count <= 0 || total <= 0) return 0;
  return Math.max(1, Math.round(Math.sqrt(Math.min(1, count / total)) * SHADES));
}
