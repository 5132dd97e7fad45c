/** Text cut at the edges of its gold and predicted spans, so that each piece can carry its marks. */
import type { Answer, Mark, MarkedSpan } from '../review';

/** A stretch of text under the same spans. */
export interface Piece {
  text: string;
  /** Gold spans over it, outermost first. */
  gold: MarkedSpan[];
  /** Predicted spans over it, outermost first. */
  predicted: MarkedSpan[];
  /** Whether a predicted span begins, or ends, with it. */
  opens: boolean;
  closes: boolean;
  /** What follows it: the words of the overlapping spans that all end here at the latest. */
  tags: Tag[];
}

/** The word of a mark (none for agreement) and the type or types it is about. */
export interface Tag {
  mark: Mark;
  word: string;
  type: string;
}

/** The words of the marks. */
export const MARK_WORDS: Record<Mark, string> = {
  match: 'match',
  missed: 'missed',
  spurious: 'spurious',
  'wrong-type': 'wrong type',
  boundary: 'boundary',
  'type-and-boundary': 'type and boundary',
};

/** Marks in the order in which they are listed. */
export const MARKS = Object.keys(MARK_WORDS) as Mark[];

/** The spans of a gold answer as they stand, compared with nothing. */
export function goldSpans(answer: Answer | undefined): MarkedSpan[] {
  return Array.isArray(answer) ? answer.flatMap((part) => (typeof part === 'string' ? [] : [{ start: part.start, end: part.end, gold: part.label, predicted: null, mark: 'match' as const }])) : [];
}

type Known = { span: MarkedSpan; start: number; end: number };

/** The pieces of `text`, in order; offsets are code points, spans may overlap, ends past the text are cut. */
export function pieces(text: string, spans: MarkedSpan[]): Piece[] {
  const points = Array.from(text);
  const size = points.length;
  const inside = (offset: number) => Math.max(0, Math.min(size, offset));
  const known = spans
    .map((span) => ({ span, start: inside(span.start), end: inside(Math.max(span.start, span.end)) }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const edges = [...new Set([0, size, ...known.flatMap((k) => [k.start, k.end])])].sort((a, b) => a - b);
  const groups = overlapping(known);
  const found: Piece[] = [];
  edges.forEach((start, i) => {
    const empty = known.filter((k) => k.start === start && k.end === start);
    if (empty.length > 0) found.push(piece('', empty, start, start, groups));
    const end = edges[i + 1];
    if (end === undefined) return;
    const over = known.filter((k) => k.start < k.end && k.start <= start && k.end >= end);
    found.push(piece(points.slice(start, end).join(''), over, start, end, groups));
  });
  return found;
}

/** Spans in groups that overlap, directly or through others; `known` is sorted by start. */
function overlapping(known: Known[]): Known[][] {
  const groups: Known[][] = [];
  let reach = -1;
  for (const k of known) {
    const last = groups.at(-1);
    const first = last?.[0];
    const same = first !== undefined && first.start === k.start && first.end === k.end;
    if (last && (k.start < reach || same)) last.push(k);
    else groups.push([k]);
    reach = Math.max(reach, k.end);
  }
  return groups;
}

function piece(text: string, over: Known[], start: number, end: number, groups: Known[][]): Piece {
  const predicted = over.filter((k) => k.span.predicted !== null);
  const finished = groups.filter((group) => group.some((k) => over.includes(k)) && group.every((k) => k.end <= end));
  return {
    text,
    gold: over.filter((k) => k.span.gold !== null).map((k) => k.span),
    predicted: predicted.map((k) => k.span),
    opens: predicted.some((k) => k.start === start),
    closes: predicted.some((k) => k.end === end),
    tags: finished.flatMap((group) => tagsOf(group.map((k) => k.span))),
  };
}

/**
 * The tags of overlapping spans: the two sides of a wrong boundary, each a span of its own, share one tag; all other
 * spans have their own.
 */
export function tagsOf(group: MarkedSpan[]): Tag[] {
  const tags: Tag[] = [];
  for (const mark of ['boundary', 'type-and-boundary'] as const) {
    const sides = group.filter((s) => s.mark === mark);
    const types = (side: 'gold' | 'predicted') => [...new Set(sides.map((s) => s[side]).filter((type) => type !== null))].join(', ');
    if (sides.length > 0) tags.push({ mark, word: MARK_WORDS[mark], type: arrow(types('gold'), types('predicted')) });
  }
  for (const { mark, gold, predicted } of group) {
    if (mark === 'boundary' || mark === 'type-and-boundary') continue;
    tags.push({ mark, word: mark === 'match' ? '' : MARK_WORDS[mark], type: arrow(gold ?? '', predicted ?? '') });
  }
  return tags;
}

function arrow(gold: string, predicted: string): string {
  return gold !== '' && predicted !== '' && gold !== predicted ? `${gold} \u2192 ${predicted}` : gold || predicted;
}

/** How often each mark but agreement occurs in one example, in listed order. */
export function markCounts(spans: MarkedSpan[]): { mark: Mark; count: number }[] {
  return MARKS.filter((mark) => mark !== 'match')
    .map((mark) => ({ mark, count: spans.filter((s) => s.mark === mark).length }))
    .filter((entry) => entry.count > 0);
}
