/** The keys of the page. */
import { goToSection, showOpened, type View } from '../view.svelte';
import { sectionsOf } from './sections';

/** How long after `g` a letter still counts, in milliseconds. */
const LETTER_WAIT = 1500;

/** What each key does, for the list that `?` shows. */
export const KEYS: [string, string][] = [
  ['j', 'next example'],
  ['k', 'previous example'],
  ['/', 'search the examples'],
  ['f', 'go to the filters'],
  ['x', 'clear the filters'],
  ['Esc', 'leave the field, close the example'],
  ['?', 'show or hide this list'],
];

function isField(target: EventTarget | null): target is HTMLElement {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}

function focusOn(id: string): void {
  goToSection('examples');
  const field = document.getElementById(id);
  if (field instanceof HTMLElement) field.focus({ preventScroll: true });
  if (field instanceof HTMLInputElement) field.select();
}

/** Listens to the keyboard until the returned function is called. */
export function listen(view: View, onkeys: () => void): () => void {
  let sinceG = -Infinity;
  const letters = new Map(sectionsOf(view.review).map((link) => [link.letter, link.id]));
  const actions: Record<string, () => void> = {
    j: () => (view.step(1), showOpened()),
    k: () => (view.step(-1), showOpened()),
    '/': () => focusOn('search'),
    f: () => focusOn('show'),
    x: () => view.set({ ...view.start }),
    '?': onkeys,
  };
  const onkeydown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === 'Escape') {
      if (isField(event.target)) event.target.blur();
      else if (view.opened !== null) view.toggle(view.opened);
      return;
    }
    if (isField(event.target)) return;
    if (document.querySelector('dialog[open]') && event.key !== '?') return;
    const section = event.timeStamp - sinceG < LETTER_WAIT ? letters.get(event.key) : undefined;
    sinceG = -Infinity;
    if (section !== undefined) {
      event.preventDefault();
      goToSection(section);
    } else if (event.key === 'g') {
      sinceG = event.timeStamp;
    } else if (Object.hasOwn(actions, event.key)) {
      event.preventDefault();
      actions[event.key]?.();
    }
  };
  window.addEventListener('keydown', onkeydown);
  return () => window.removeEventListener('keydown', onkeydown);
}
