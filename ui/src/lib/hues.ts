/** Hues of labels: Okabe and Ito's eight, told apart by colour-blind eyes; more labels than hues get none. */

/** Class of a label's hue, `hue-0` to `hue-7`; empty when there are more than eight labels. */
export function hueOf(labels: string[]): (label: string) => string {
  const known = labels.length <= 8 ? new Map(labels.map((label, i) => [label, `hue-${i}`])) : new Map<string, string>();
  return (label) => known.get(label) ?? '';
}
