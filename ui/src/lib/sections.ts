/** The sections of the page and the letter that goes to each after `g`. */
import type { Review } from '../review';

export interface SectionLink {
  id: string;
  name: string;
  letter: string;
}

/** Sections that this review has, in the order of the page. */
export function sectionsOf(review: Review): SectionLink[] {
  const all: [SectionLink, boolean][] = [
    [{ id: 'verdict', name: 'Verdict', letter: 'v' }, true],
    [{ id: 'next', name: 'Next', letter: 'n' }, true],
    [{ id: 'metrics', name: 'Metrics', letter: 'm' }, true],
    [{ id: 'findings', name: 'Findings', letter: 'f' }, true],
    [{ id: 'labels', name: 'Labels', letter: 'l' }, true],
    [{ id: 'confusion', name: 'Confusion', letter: 'c' }, review.confusion !== undefined],
    [{ id: 'slices', name: 'Slices', letter: 's' }, review.slices.length > 0],
    [{ id: 'leakage', name: 'Leakage', letter: 'k' }, review.leakage !== undefined],
    [{ id: 'training', name: 'Training', letter: 't' }, review.training !== undefined],
    [{ id: 'data', name: 'Data', letter: 'd' }, true],
    [{ id: 'run', name: 'Run', letter: 'r' }, true],
    [{ id: 'examples', name: 'Examples', letter: 'e' }, true],
  ];
  return all.filter(([, present]) => present).map(([link]) => link);
}
