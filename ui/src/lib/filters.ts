/** Which examples the table shows: rows made from the document, a filter, and its form in the address. */
import type { Answer, ErrorRecord, ExampleRecord, Finding, Mark, Review, Task } from '../review';
import { MARKS } from './marks';

export type Show = 'wrong' | 'right' | 'all';
export type SortKey = 'order' | 'id' | 'gold' | 'predicted' | 'score';

/** The name that a confusion matrix of spans gives to the absence of one. */
export const NONE = '(none)';

export interface Filter {
  show: Show;
  /** Key of a finding, see `findingKeys`. */
  finding: string | null;
  gold: string | null;
  predicted: string | null;
  /** Either of the two. */
  label: string | null;
  mark: Mark | null;
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
  /** Lower-case text, id and metadata; made when first searched. */
  hay?: string;
}

/** Labels of an answer. */
export function labelsOf(answer: Answer | undefined): string[] {
  if (answer === undefined) return [];
  if (typeof answer === 'string') return [answer];
  return answer.map((part) => (typeof part === 'string' ? part : part.label));
}

/** All examples: the errors in the document's order (surest first), then the others by split and line. */
export function rowsOf(review: Review): Row[] {
  const errors = new Map(review.errors.map((error, i) => [error.id, { error, i }]));
  const rows = Object.entries(review.examples).map(([id, record]) => ({
    id,
    record,
    error: errors.get(id)?.error,
    gold: labelsOf(record.gold),
    predicted: labelsOf(record.predicted),
  }));
  const place = (row: Row) => errors.get(row.id)?.i ?? errors.size;
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

/** The filter that a page opens with: what is wrong, or everything when nothing is. */
export function emptyFilter(hasErrors: boolean): Filter {
  return {
    show: hasErrors ? 'wrong' : 'all',
    finding: null,
    gold: null,
    predicted: null,
    label: null,
    mark: null,
    meta: null,
    search: '',
    sort: 'order',
    descending: false,
    example: null,
  };
}

/** Whether the answers of a row fit the label part of the filter. */
function fitsLabels(row: Row, filter: Filter, task: Task): boolean {
  if (filter.label !== null && !row.gold.includes(filter.label) && !row.predicted.includes(filter.label)) return false;
  if (filter.gold === null && filter.predicted === null) return true;
  if (task === 'ner') return spansOf(row, filter) > 0;
  return (
    (filter.gold === null || row.gold.includes(filter.gold)) &&
    (filter.predicted === null || row.predicted.includes(filter.predicted))
  );
}

/** How many spans of a row stand in the cell of the matrix that the filter asks for. */
export function spansOf(row: Row, filter: Filter): number {
  const side = (wanted: string | null, type: string | null) => wanted === null || (wanted === NONE ? null : wanted) === type;
  return (row.record.spans ?? []).filter((s) => side(filter.gold, s.gold) && side(filter.predicted, s.predicted)).length;
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
    if (filter.show === 'wrong' && row.record.correct !== false) return false;
    if (filter.show === 'right' && row.record.correct !== true) return false;
    if (ids !== null && !ids.has(row.id)) return false;
    if (counted && row.record.predicted === undefined) return false;
    if (filter.mark !== null && !(row.record.spans ?? []).some((s) => s.mark === filter.mark)) return false;
    if (filter.meta !== null && !fitsMeta(row, filter.meta)) return false;
    if (!fitsLabels(row, filter, task)) return false;
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
  const text = (row: Row) => (key === 'id' ? row.id : (key === 'gold' ? row.gold : row.predicted).join(' '));
  return (a, b) => sign * natural.compare(text(a), text(b));
}

const SHOWS: Show[] = ['wrong', 'right', 'all'];
const SORTS: SortKey[] = ['order', 'id', 'gold', 'predicted', 'score'];

/** The filter as the part of the address after `#`; what stands at its start value is left out. */
export function toHash(filter: Filter, start: Filter): string {
  const query = new URLSearchParams();
  if (filter.show !== start.show) query.set('show', filter.show);
  for (const key of ['finding', 'gold', 'predicted', 'label', 'mark', 'meta'] as const) {
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
  const show = query.get('show') as Show | null;
  const sort = query.get('sort') ?? 'order';
  const key = sort.replace(/^-/, '') as SortKey;
  const mark = query.get('mark') as Mark | null;
  return {
    show: show !== null && SHOWS.includes(show) ? show : start.show,
    finding: query.get('finding'),
    gold: query.get('gold'),
    predicted: query.get('predicted'),
    label: query.get('label'),
    mark: mark !== null && MARKS.includes(mark) ? mark : null,
    meta: query.get('meta'),
    search: query.get('search') ?? '',
    sort: SORTS.includes(key) ? key : 'order',
    descending: sort.startsWith('-') && SORTS.includes(key),
    example: query.get('example'),
  };
}

/** Whether anything but order and the open example differs from the start. */
export function isFiltered(filter: Filter, start: Filter): boolean {
  return toHash({ ...filter, sort: 'order', descending: false, example: null }, start) !== '';
}
