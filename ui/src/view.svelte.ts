/** What is shown now: the filter, the open example, the page of the table; kept in the address. */
import { getContext, setContext } from 'svelte';
import type { Check, Review } from './review';
import { emptyFilter, findingKeys, firstShow, fromHash, isFiltered, rowsOf, select, toHash, type Filter, type Row } from './lib/filters';
import { hueOf } from './lib/hues';

/** Rows on one page of the table. */
export const PAGE = 50;

export class View {
  readonly review: Review;
  readonly all: Row[];
  readonly keys: string[];
  readonly start: Filter;
  readonly labels: string[];
  /** Class of a label's hue. */
  readonly hue: (label: string) => string;
  private readonly metas = new Map<string, number>();
  /** Whether the document holds texts. */
  readonly hasText: boolean;
  /** The filter; its `example` is always null, the open one is `opened`. */
  filter: Filter = $state.raw({} as Filter);
  opened: string | null = $state(null);
  page = $state(0);
  /** The rows that the filter lets through. */
  readonly rows: Row[] = $derived.by(() => {
    const { finding } = this.filter;
    const ids = finding === null ? null : new Set((this.review.findings[this.keys.indexOf(finding)] ?? this.checkOf(finding))?.examples ?? []);
    return select(this.all, this.filter, this.review.task, ids);
  });
  /** Those of them on the current page. */
  readonly shown: Row[] = $derived(this.rows.slice(this.page * PAGE, (this.page + 1) * PAGE));
  readonly pages: number = $derived(Math.max(1, Math.ceil(this.rows.length / PAGE)));
  readonly filtered: boolean = $derived.by(() => isFiltered(this.filter, this.start));

  constructor(review: Review) {
    this.review = review;
    this.all = rowsOf(review);
    this.keys = findingKeys(review.findings);
    this.start = emptyFilter(firstShow(review));
    this.labels = review.labels.map((row) => row.label);
    this.hue = hueOf(this.labels);
    this.hasText = this.all.length === 0 || this.all.some((row) => row.record.text !== undefined);
    for (const { record } of this.all) {
      if (record.predicted === undefined) continue;
      for (const [column, value] of Object.entries(record.metadata ?? {})) {
        const key = `${column}=${value}`;
        this.metas.set(key, (this.metas.get(key) ?? 0) + 1);
      }
    }
    this.follow();
  }

  /** A slice by a metadata column as a filter; null for one by a property of the text, or when its examples are not all here. */
  metaOf(name: string, n?: number): string | null {
    const key = name.replace(' = ', '=');
    const found = this.metas.get(key);
    return found === undefined || (n !== undefined && found < n) ? null : key;
  }

  /** What one example is called: `example`, `sentence`. */
  get noun(): string {
    return this.review.subject.noun || 'example';
  }

  /** The check that a key names: `check-1` is the first of the gate's. */
  checkOf(key: string): Check | undefined {
    return this.review.comparison?.gate?.checks[Number(/^check-(\d+)$/.exec(key)?.[1]) - 1];
  }

  /** Changes the filter; a `quiet` change replaces the address instead of adding to the history. */
  set(change: Partial<Filter>, quiet = false): void {
    this.filter = { ...this.filter, ...change };
    this.opened = null;
    this.page = 0;
    this.write(quiet);
  }

  /** Shows exactly what `change` asks for, and nothing that was chosen before. */
  only(change: Partial<Filter>): void {
    this.set({ ...this.start, show: 'all', ...change });
    reveal();
  }

  /** Opens one example alone, wherever it stands. */
  goTo(id: string): void {
    this.filter = { ...this.start, show: 'all' };
    this.opened = id;
    this.turnToOpened();
    this.write(false);
    reveal();
    showOpened();
  }

  /** Opens an example, or closes it when it is open. */
  toggle(id: string): void {
    this.opened = this.opened === id ? null : id;
    this.write(true);
  }

  /** Opens the example `by` places further in the shown order, turning pages. */
  step(by: number): void {
    const last = this.rows.length - 1;
    if (last < 0) return;
    const at = this.opened === null ? -1 : this.rows.findIndex((row) => row.id === this.opened);
    const next = at < 0 ? this.page * PAGE : Math.max(0, Math.min(last, at + by));
    this.opened = this.rows[next]?.id ?? null;
    this.page = Math.floor(next / PAGE);
    this.write(true);
  }

  /** Follows the address: at the start, and after a step back or forward. */
  follow(): void {
    const filter = fromHash(location.hash, this.start);
    this.opened = filter.example;
    this.filter = { ...filter, example: null };
    this.turnToOpened();
    if (this.opened !== null) showOpened();
  }

  private turnToOpened(): void {
    const at = this.opened === null ? -1 : this.rows.findIndex((row) => row.id === this.opened);
    this.page = at < 0 ? 0 : Math.floor(at / PAGE);
  }

  private write(quiet: boolean): void {
    const hash = toHash({ ...this.filter, example: this.opened }, this.start);
    try {
      // A bare '#' would jump to the top; the path alone clears the address part.
      history[quiet ? 'replaceState' : 'pushState'](null, '', hash === '' ? location.pathname + location.search : `#${hash}`);
    } catch {
      // Inside a frame without an address of its own the state lives here alone.
    }
  }
}

/** Brings the table into sight where it does not stand beside the report. */
export function reveal(): void {
  const box = document.getElementById('examples')?.getBoundingClientRect();
  if (box && (box.top > window.innerHeight * 0.6 || box.bottom < 80)) goToSection('examples');
}

/** Brings the open example into sight once it is drawn, and puts the focus there. */
export function showOpened(): void {
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>('.example.open');
    row?.scrollIntoView({ block: 'nearest' });
    row?.querySelector<HTMLElement>('.opener')?.focus({ preventScroll: true });
  });
}

/** Scrolls to a section and puts the focus there; false when the page has no such section. */
export function goToSection(id: string): boolean {
  const section = document.getElementById(id);
  if (!section) return false;
  // A finding that is folded to its title opens when it is gone to.
  const fold = section.querySelector<HTMLDetailsElement>(':scope > details.fold');
  if (fold) fold.open = true;
  section.scrollIntoView({ block: 'start' });
  section.focus({ preventScroll: true });
  return true;
}

const KEY = Symbol('view');

/** Makes the view known to the parts of the page. */
export function provideView(review: Review): View {
  return setContext(KEY, new View(review));
}

/** The view of the page. */
export function useView(): View {
  return getContext<View>(KEY);
}
