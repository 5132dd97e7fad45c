/**
 * Characters that hide or reorder text, made visible. A bidirectional override or a zero-width space in a label or a
 * text must be seen, not obeyed. Only the joiner within a composed emoji stays as it is.
 */

const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]|[\u{1d173}-\u{1d17a}]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}|\u200d(?!\p{Extended_Pictographic})|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d/gu;

/** A stretch of text, or one hidden character written as an escape. */
export interface Part {
  text: string;
  hidden: boolean;
}

/** How a hidden character is written: `\n`, `\t`, or `\u{202e}`. */
export function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`;
}

/** The text in stretches, hidden characters apart. */
export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), hidden: false });
    found.push({ text: escapeOf(match[0]), hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), hidden: false });
  return found;
}

/** The text with every hidden character written as an escape. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escapeOf);
}

/**
 * A copy of a JSON value in which every string and key is visible, but for the values under `text`: offsets count in
 * those, so they are made visible where they are shown.
 */
export function visibleJson<T>(value: T): T {
  return walk(value) as T;
}

function walk(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map(walk);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    copy[visible(key)] = key === 'text' && typeof inner === 'string' ? inner : walk(inner);
  }
  return copy;
}
