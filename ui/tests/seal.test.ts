import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { BUDGET, MARKER, seal } from '../build/seal';
import { embeddable, insert, MARKER as INSERTED } from '../fixtures/insert.mjs';

const page = (body = '', style = 'p{}') =>
  `<head><!--policy--><script type="module">const a = 1;</script><style>${style}</style></head><body><script type="application/json" id="review">${MARKER}</script>${body}</body>`;
const sha = (text: string) => createHash('sha256').update(text).digest('base64');

test('the policy allows exactly the inlined script and style', () => {
  const sealed = seal(page());
  expect(sealed).toContain(`script-src 'sha256-${sha('const a = 1;')}'; style-src 'sha256-${sha('p{}')}'`);
  expect(sealed).toContain("default-src 'none'");
  expect(sealed).not.toContain('unsafe');
  expect(sealed.indexOf('Content-Security-Policy')).toBeLessThan(sealed.indexOf('<script'));
});

test('a page that a report cannot be made from is refused', () => {
  expect(() => seal(page().replace(MARKER, ''))).toThrow('exactly once');
  expect(() => seal(page(MARKER))).toThrow('exactly once');
  expect(() => seal(page('<p style="color:red">'))).toThrow('style attribute');
  expect(() => seal(page('<link rel="stylesheet" href="x.css">'))).toThrow('another file');
  expect(() => seal(page('<script type="module">1</script>'))).toThrow('one inline script');
});

test('inserted JSON holds nothing that HTML reads, and reads back the same', () => {
  const review = { text: '</script><!-- & \u2028 $& $1' };
  const json = embeddable(review);
  expect(json).not.toMatch(/[<>&\u2028]/);
  expect(JSON.parse(json)).toEqual(review);
  expect(insert(`a${INSERTED}b`, review)).toBe(`a${json}b`);
});

test('a page over its budget is refused', () => {
  expect(() => seal(page('x'.repeat(BUDGET)))).toThrow(`its budget is ${BUDGET}`);
});
