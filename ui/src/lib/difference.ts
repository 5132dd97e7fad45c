/** Where two nearly equal texts differ: word by word along their longest common subsequence. */

/** A stretch that both texts share, or that only one has. */
export interface Stretch {
  text: string;
  own: boolean;
}

const WORD = /[\p{L}\p{N}]+|\s+|[^\p{L}\p{N}\s]/gu;
/** Words of a text that are aligned; the table grows with their product. */
const MOST = 600;

/** Both texts in stretches, what the other lacks being `own`. */
export function difference(one: string, two: string): [Stretch[], Stretch[]] {
  const a = one.match(WORD) ?? [];
  const b = two.match(WORD) ?? [];
  const [n, m] = [Math.min(a.length, MOST), Math.min(b.length, MOST)];
  // longest[i][j]: length of the longest common subsequence of a from i and b from j.
  const longest = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1));
  const at = (i: number, j: number) => longest[i]?.[j] ?? 0;
  for (let i = n - 1; i >= 0; i -= 1) {
    const row = longest[i] as Uint16Array;
    for (let j = m - 1; j >= 0; j -= 1) row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const [left, right]: [Stretch[], Stretch[]] = [[], []];
  let [i, j] = [0, 0];
  while (i < n && j < m) {
    if (a[i] === b[j]) {
      add(left, a[i++], false);
      add(right, b[j++], false);
    } else if (at(i + 1, j) >= at(i, j + 1)) add(left, a[i++], true);
    else add(right, b[j++], true);
  }
  while (i < a.length) add(left, a[i++], true);
  while (j < b.length) add(right, b[j++], true);
  return [left, right];
}

function add(to: Stretch[], word: string | undefined, own: boolean): void {
  const last = to.at(-1);
  if (last && last.own === own) last.text += word ?? '';
  else to.push({ text: word ?? '', own });
}
