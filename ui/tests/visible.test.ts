import { expect, test } from 'vitest';
import { parts, visible, visibleJson } from '../src/lib/visible';

test('characters that hide or reorder text are written out', () => {
  expect(visible('a\u202eb\u200bc\u0007d\ufeff')).toBe('a\\u{202e}b\\u{200b}c\\u{0007}d\\u{feff}');
  expect(visible('line\nnext\tcell')).toBe('line\\nnext\\tcell');
  expect(visible('tag \u{e0041}')).toBe('tag \\u{e0041}');
  expect(visible('half \ud83d')).toBe('half \\u{d83d}');
});

test('ordinary text of any script stays', () => {
  for (const text of ['caf\u00e9', '\u05e9\u05dc\u05d5\u05dd', '\u4f60\u597d', 'e\u0301', '\u{1f600}', 'a\u00a0b']) expect(visible(text)).toBe(text);
});

test('a joiner stays within a composed emoji and is shown elsewhere', () => {
  expect(visible('\u{1f9d1}\u200d\u{1f680}')).toBe('\u{1f9d1}\u200d\u{1f680}');
  expect(visible('\u{1f9d1}\u{1f3fd}\u200d\u{1f680}')).toBe('\u{1f9d1}\u{1f3fd}\u200d\u{1f680}');
  expect(visible('pay\u200dpal')).toBe('pay\\u{200d}pal');
});

test('parts join to the visible text', () => {
  const text = '\u202eab\u200b\u200bc';
  expect(parts(text).map((p) => p.text).join('')).toBe(visible(text));
  expect(parts(text).map((p) => p.hidden)).toEqual([true, false, true, true, false]);
  expect(parts('')).toEqual([]);
});

test('a document is made visible but for the texts that offsets count in', () => {
  const made = visibleJson({ labels: ['a\u200b'], 'key\u202e': 1, examples: { x: { text: 'a\u200bb', gold: 'a\u200b' } } });
  expect(JSON.parse(JSON.stringify(made))).toEqual({ labels: ['a\\u{200b}'], 'key\\u{202e}': 1, examples: { x: { text: 'a\u200bb', gold: 'a\\u{200b}' } } });
});

test('a key named like the prototype is data', () => {
  const made = visibleJson(JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>);
  expect(Object.keys(made)).toEqual(['__proto__']);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
