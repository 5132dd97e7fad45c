/** Which examples the table shows: rows made from the document, a filter, and its form in the address. */
import type { Answer, ErrorRecord, ExampleRecord, Finding, Mark, Review, Task } from '../review';
import { flipsOf, sameAnswer, type Flip } from './compare';
import { MARKS } from './marks';

export type Show = 'wrong' | 'right' | 'all' | 'changed' | Flip;
export type SortKey = 'order' | 'id' | 'gold' | 'before' | 'predicted' | 'score';
/** Whose answers a cell or a mark is looked for in: the baseline's, or where the two differ in it; else the candidate's. */
export type Side = 'before' | 'moved';

/** The name that a confusion matrix of spans gives to the absence of one. */
export const NONE = '(none)';

export interface Filter {
  show: Show;
  /** Key of a finding, see `findingKeys`, or of a check. */
  finding: string | null;
  gold: string | null;
  predicted: string | null;
  /** Either of the two. */
  label: string | null;
  mark: Mark | null;
  side: Side | null;
  /** `column=value` of the metadata. */
  meta: string | null;
  search: string;
  sort: SortKey;
  descending: boolean;
  /** Id of the open example. */
  example: string | null;
}

/** One line of the table. */
export interface Row {
  id: string;
  record: ExampleRecord;
  error: ErrorRecord | undefined;
  /** Labels (types) of the gold and of the prediction. */
  gold: string[];
  predicted: string[];
  /** Those of the baseline's answer, and what became of the example; empty and null without a comparison. */
  before: string[];
  flip: Flip | null;
  /** Lower-case text, id and metadata; made when first searched. */
  hay?: string;
}

/** Labels of an answer. */
export function labelsOf(answer: Answer | undefined): string[] {
  if (answer === undefined) return [];
  if (typeof answer === 'string') return [answer];
  return answer.map((part) => (typeof part === 'string' ? part : part.label));
}

/** All examples: the errors in the document's order (surest first), then the fixed ones in theirs, then the others by split and line. */
export function rowsOf(review: Review): Row[] {
  const errors = new Map(review.errors.map((error, i) => [error.id, { error, i }]));
  const { comparison } = review;
  const fixed = new Map(comparison?.flips.fixed.map((id, i) => [id, errors.size + i]));
  const flip = comparison ? flipsOf(comparison) : () => null;
  const rows = Object.entries(review.examples).map(([id, record]) => ({
    id,
    record,
    error: errors.get(id)?.error,
    gold: labelsOf(record.gold),
    predicted: labelsOf(record.predicted),
    before: labelsOf(record.baseline),
    flip: flip(id, record),
  }));
  const place = (row: Row) => errors.get(row.id)?.i ?? fixed.get(row.id) ?? errors.size + fixed.size;
  const evaluated = (row: Row) => (row.record.predicted === undefined ? 1 : 0);
  return rows.sort(
    (a, b) =>
      place(a) - place(b) ||
      evaluated(a) - evaluated(b) ||
      (a.record.split < b.record.split ? -1 : a.record.split > b.record.split ? 1 : 0) ||
      a.record.line - b.record.line,
  );
}

/** A key for each finding: its code, with a running number where a code occurs again. */
export function findingKeys(findings: Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ code }) => {
    const n = (seen.get(code) ?? 0) + 1;
    seen.set(code, n);
    return n === 1 ? code : `${code}.${n}`;
  });
}

/** What a page opens with: what a comparison broke, else fixed; what is wrong; or everything when nothing is. */
export function firstShow({ comparison, errors }: Review): Show {
  if (comparison && comparison.flips.broken_count > 0) return 'broken';
  if (comparison && comparison.flips.fixed_count > 0) return 'fixed';
  return errors.length > 0 ? 'wrong' : 'all';
}

/** The filter that asks for nothing but `show`. */
export function emptyFilter(show: Show): Filter {
  return {
    show,
    finding: null,
    gold: null,
    predicted: null,
    label: null,
    mark: null,
    side: null,
    meta: null,
    search: '',
    sort: 'order',
    descending: false,
    example: null,
  };
}

/** How often one side's answer to a row holds what cell and mark of the filter ask for: spans, or 0 and 1 for labels. */
function hits(row: Row, filter: Filter, task: Task, before: boolean): number {
  if (task === 'ner') return spansOf(row, filter, before);
  return (filter.gold === null || row.gold.includes(filter.gold)) && (filter.predicted === null || (before ? row.before : row.predicted).includes(filter.predicted)) ? 1 : 0;
}

/** Whether the answers of a row fit cell and mark of the filter. */
function fitsAnswer(row: Row, filter: Filter, task: Task): boolean {
  if (filter.gold === null && filter.predicted === null && filter.mark === null) return true;
  const after = hits(row, filter, task, false);
  if (filter.side === null) return after > 0;
  if (row.record.baseline === undefined) return false;
  const before = hits(row, filter, task, true);
  return filter.side === 'before' ? before > 0 : before !== after;
}

/** How many spans of a row stand in the cell of the matrix, and under the mark, that the filter asks for. */
export function spansOf(row: Row, filter: Filter, before = filter.side === 'before'): number {
  const side = (wanted: string | null, type: string | null) => wanted === null || (wanted === NONE ? null : wanted) === type;
  const spans = (before ? row.record.baseline_spans : row.record.spans) ?? [];
  return spans.filter((s) => side(filter.gold, s.gold) && side(filter.predicted, s.predicted) && (filter.mark === null || s.mark === filter.mark)).length;
}

/** Whether a row is of the kind that is shown. */
function fitsShow({ record, flip }: Row, show: Show): boolean {
  if (show === 'all') return true;
  if (show === 'wrong' || show === 'right') return record.correct === (show === 'right');
  if (show === 'changed') return flip === 'both-wrong' && !sameAnswer(record.baseline ?? '', record.predicted ?? '');
  return flip === show;
}

function fitsMeta(row: Row, meta: string): boolean {
  const at = meta.indexOf('=');
  return row.record.metadata?.[meta.slice(0, at)] === meta.slice(at + 1);
}

function hayOf(row: Row): string {
  row.hay ??= [row.id, row.record.text ?? '', ...Object.values(row.record.metadata ?? {})].join('\n').toLowerCase();
  return row.hay;
}

/** Whether the filter asks for what only evaluated examples are counted by: a label, a mark, a slice. */
export function countsEvaluated({ gold, predicted, label, mark, meta }: Filter): boolean {
  return [gold, predicted, label, mark, meta].some((part) => part !== null);
}

/**
 * The rows that the filter lets through, sorted. `ids` are the examples of the filter's finding. Every count that can be
 * clicked counts evaluated examples: a label, a mark or a slice shows those alone, unless a finding names others.
 */
export function select(rows: Row[], filter: Filter, task: Task, ids: ReadonlySet<string> | null): Row[] {
  const terms = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const counted = ids === null && countsEvaluated(filter);
  const found = rows.filter((row) => {
    if (!fitsShow(row, filter.show)) return false;
    if (ids !== null && !ids.has(row.id)) return false;
    if (counted && row.record.predicted === undefined) return false;
    if (filter.meta !== null && !fitsMeta(row, filter.meta)) return false;
    const { label } = filter;
    if (label !== null && ![row.gold, row.predicted, row.before].some((labels) => labels.includes(label))) return false;
    if (!fitsAnswer(row, filter, task)) return false;
    return terms.length === 0 || terms.every((term) => hayOf(row).includes(term));
  });
  if (ids !== null && filter.sort === 'order') {
    const place = new Map([...ids].map((id, i) => [id, i]));
    found.sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
  }
  if (filter.sort !== 'order') found.sort(comparison(filter.sort, filter.descending));
  return found;
}

const natural = new Intl.Collator('en', { numeric: true });

function comparison(key: SortKey, descending: boolean): (a: Row, b: Row) => number {
  const sign = descending ? -1 : 1;
  if (key === 'score') {
    // Rows without a score stand last in either direction.
    return (a, b) => {
      const [x, y] = [a.record.score, b.record.score];
      if (x === undefined || y === undefined) return (x === undefined ? 1 : 0) - (y === undefined ? 1 : 0);
      return sign * (x - y);
    };
  }
  const text = (row: Row) => (key === 'id' || key === 'order' ? row.id : row[key].join(' '));
  return (a, b) => sign * natural.compare(text(a), text(b));
}

const SHOWS: Show[] = ['wrong', 'right', 'all', 'fixed', 'broken', 'both-wrong', 'both-right', 'changed'];
const SORTS: SortKey[] = ['order', 'id', 'gold', 'before', 'predicted', 'score'];
const SIDES: Side[] = ['before', 'moved'];
/** A word of the address, if it is one of those known. */
const known = <T extends string>(word: string | null, words: T[]): T | null => (words.includes(word as T) ? (word as T) : null);

/** The filter as the part of the address after `#`; what stands at its start value is left out. */
export function toHash(filter: Filter, start: Filter): string {
  const query = new URLSearchParams();
  if (filter.show !== start.show) query.set('show', filter.show);
  for (const key of ['finding', 'gold', 'predicted', 'label', 'mark', 'side', 'meta'] as const) {
    const value = filter[key];
    if (value !== null) query.set(key, value);
  }
  if (filter.search !== '') query.set('search', filter.search);
  if (filter.sort !== 'order') query.set('sort', `${filter.descending ? '-' : ''}${filter.sort}`);
  if (filter.example !== null) query.set('example', filter.example);
  return query.toString();
}

/** The filter that an address holds; unknown words fall back to the start value. */
export function fromHash(hash: string, start: Filter): Filter {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const sort = query.get('sort') ?? 'order';
  const key = known(sort.replace(/^-/, ''), SORTS);
  return {
    show: known(query.get('show'), SHOWS) ?? start.show,
    finding: query.get('finding'),
    gold: query.get('gold'),
    predicted: query.get('predicted'),
    label: query.get('label'),
    mark: known(query.get('mark'), MARKS),
    side: known(query.get('side'), SIDES),
    meta: query.get('meta'),
    search: query.get('search') ?? '',
    sort: key ?? 'order',
    descending: sort.startsWith('-') && key !== null,
    example: query.get('example'),
  };
}

/** Whether anything but order and the open example differs from the start. */
export function isFiltered(filter: Filter, start: Filter): boolean {
  return toHash({ ...filter, sort: 'order', descending: false, example: null }, start) !== '';
}
