/** Text cut at the edges of its gold and predicted spans, so that each piece can carry its marks. */
import type { Mark, MarkedSpan } from '../review';

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
  /** Spans that end with it, in order of their start: their words follow it. */
  ends: MarkedSpan[];
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

/** The pieces of `text`, in order; offsets are code points, spans may overlap, ends past the text are cut. */
export function pieces(text: string, spans: MarkedSpan[]): Piece[] {
  const points = Array.from(text);
  const size = points.length;
  const inside = (offset: number) => Math.max(0, Math.min(size, offset));
  const known = spans
    .map((span) => ({ span, start: inside(span.start), end: inside(Math.max(span.start, span.end)) }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const edges = [...new Set([0, size, ...known.flatMap((k) => [k.start, k.end])])].sort((a, b) => a - b);
  const found: Piece[] = [];
  edges.forEach((start, i) => {
    const empty = known.filter((k) => k.start === start && k.end === start);
    if (empty.length > 0) found.push(piece('', empty, start, start));
    const end = edges[i + 1];
    if (end === undefined) return;
    const over = known.filter((k) => k.start < k.end && k.start <= start && k.end >= end);
    found.push(piece(points.slice(start, end).join(''), over, start, end));
  });
  return found;
}

type Known = { span: MarkedSpan; start: number; end: number };

function piece(text: string, over: Known[], start: number, end: number): Piece {
  const predicted = over.filter((k) => k.span.predicted !== null);
  return {
    text,
    gold: over.filter((k) => k.span.gold !== null).map((k) => k.span),
    predicted: predicted.map((k) => k.span),
    opens: predicted.some((k) => k.start === start),
    closes: predicted.some((k) => k.end === end),
    ends: over.filter((k) => k.end === end).map((k) => k.span),
  };
}

/** What follows a span: its type, and the word of its mark unless gold and prediction agree. */
export function tagOf(span: MarkedSpan): { word: string; type: string } {
  const gold = span.gold ?? '';
  const predicted = span.predicted ?? '';
  if (span.mark === 'match') return { word: '', type: gold };
  if (gold && predicted && gold !== predicted) return { word: MARK_WORDS[span.mark], type: `${gold} \u2192 ${predicted}` };
  const side = span.mark === 'missed' || span.mark === 'spurious' ? '' : gold && !predicted ? ', gold' : predicted && !gold ? ', predicted' : '';
  return { word: `${MARK_WORDS[span.mark]}${side}`, type: gold || predicted };
}

/** How often each mark but agreement occurs in one example, in listed order. */
export function markCounts(spans: MarkedSpan[]): { mark: Mark; count: number }[] {
  return MARKS.filter((mark) => mark !== 'match')
    .map((mark) => ({ mark, count: spans.filter((s) => s.mark === mark).length }))
    .filter((entry) => entry.count > 0);
}
