/** The sections of the page and the letter that goes to each after `g`. */
import type { Review } from '../review';

export interface SectionLink {
  id: string;
  name: string;
  letter: string;
}

/** Sections that this review has, in the order of the page. */
export function sectionsOf({ comparison, ...review }: Review): SectionLink[] {
  const all: [string, string, string, unknown][] = [
    ['verdict', comparison?.decision ? 'Decision' : 'Verdict', 'v', true],
    ['next', 'Next', 'n', true],
    ['metrics', 'Metrics', 'm', true],
    ['checks', 'Policy', 'p', comparison?.gate],
    ['flips', 'Answers', 'a', comparison],
    ['findings', 'Findings', 'f', true],
    ['labels', 'Labels', 'l', true],
    ['confusion', 'Confusion', 'c', review.confusion],
    ['slices', 'Slices', 's', review.slices.length > 0 || comparison?.slices.length],
    ['leakage', 'Leakage', 'k', review.leakage],
    ['training', 'Training', 't', review.training ?? comparison?.training],
    ['costs', 'Costs', 'o', comparison?.costs.length],
    ['data', 'Data', 'd', true],
    ['run', 'Run', 'r', true],
    ['examples', 'Examples', 'e', true],
  ];
  return all.filter(([, , , present]) => present).map(([id, name, letter]) => ({ id, name, letter }));
}
