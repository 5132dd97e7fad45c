/**
 * Seals the built page: checks that it is one file within its budget, with one place for the review, and writes a content security
 * policy that allows exactly the script and the styles that were built, by hash.
 */
import { createHash } from 'node:crypto';
import type { Plugin } from 'vite';

/** Where the report writer puts the review's JSON. */
export const MARKER = '/*TRUEUP-REVIEW*/';
/** Bytes of the page without a review: what every report carries. */
export const BUDGET = 180_000;
const SLOT = `<script type="application/json" id="review">${MARKER}</script>`;
const POLICY_PLACE = '<!--policy-->';

/** The CSP source expression of an inline script or style. */
export function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}'`;
}

function contents(html: string, tag: RegExp): string[] {
  return [...html.matchAll(tag)].map((match) => match[1] ?? '');
}

/** The page with its policy; an error when the page is not what a report can be made from. */
export function seal(html: string): string {
  if (html.split(MARKER).length !== 2 || !html.includes(SLOT)) throw new Error(`the page must hold ${SLOT} exactly once`);
  if (html.includes('\r')) throw new Error('the page holds a carriage return, which would change its hashes');
  if (/ style="/.test(html)) throw new Error('the page holds a style attribute, which its policy forbids');
  if (/<link[^>]+rel="(stylesheet|modulepreload)"/.test(html)) throw new Error('the page refers to another file');
  const scripts = contents(html, /<script type="module"[^>]*>([\s\S]*?)<\/script>/g);
  const styles = contents(html, /<style[^>]*>([\s\S]*?)<\/style>/g);
  if (scripts.length !== 1 || scripts[0] === '') throw new Error(`expected one inline script, found ${scripts.length}`);
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  if (!html.includes(POLICY_PLACE)) throw new Error(`the page lacks ${POLICY_PLACE}`);
  const sealed = html.replace(POLICY_PLACE, `<meta http-equiv="Content-Security-Policy" content="${policy}" />`);
  const size = Buffer.byteLength(sealed);
  if (size > BUDGET) throw new Error(`the page has ${size} bytes, and its budget is ${BUDGET}`);
  return sealed;
}

/** The plugin; it must stand after the one that inlines. */
export function sealPage(): Plugin {
  return {
    name: 'trueup-seal',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const names = Object.keys(bundle);
        const page = bundle['index.html'];
        if (names.length !== 1 || page?.type !== 'asset') throw new Error(`expected index.html alone, found ${names.join(', ')}`);
        page.source = seal(page.source.toString());
      },
    },
  };
}
