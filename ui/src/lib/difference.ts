/** Where two nearly equal texts differ: the middle left when their common head and tail are taken off. */

export interface Difference {
  head: string;
  middle: string;
  tail: string;
}

const WORD = /[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu;

/** Both texts cut at whole words into common head, own middle, common tail. */
export function difference(one: string, two: string): [Difference, Difference] {
  const a = one.match(WORD) ?? [];
  const b = two.match(WORD) ?? [];
  const most = Math.min(a.length, b.length);
  let head = 0;
  while (head < most && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < most - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const cut = (words: string[]) => ({
    head: words.slice(0, head).join(''),
    middle: words.slice(head, words.length - tail).join(''),
    tail: words.slice(words.length - tail).join(''),
  });
  return [cut(a), cut(b)];
}
