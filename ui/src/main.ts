/** Reads the review that the page holds and shows it. */
import { mount } from 'svelte';
import './styles/base.css';
import './styles/parts.css';
import App from './App.svelte';
import Failed from './parts/Failed.svelte';
import { SCHEMA, type Review } from './review';
import { visibleJson } from './lib/visible';

const target = document.getElementById('page') as HTMLElement;
const held = document.getElementById('review')?.textContent ?? '';

try {
  const review = visibleJson(JSON.parse(held) as Review);
  if (review.schema !== SCHEMA) throw new Error(`its layout is ${review.schema}, this page shows ${SCHEMA}`);
  mount(App, { target, props: { review } });
} catch (error) {
  const empty = held.trim().startsWith('/*');
  mount(Failed, { target, props: { empty, reason: error instanceof Error ? error.message : String(error) } });
}
