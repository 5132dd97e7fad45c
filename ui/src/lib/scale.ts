/** Linear scales and tick values for small charts. */

export interface Scale {
  low: number;
  high: number;
  /** The place of `value` on a length of `width`, clamped to its ends. */
  at: (value: number) => number;
}

/** A scale from `low` to `high` onto `from`..`to`; a scale of no extent puts everything in the middle. */
export function linear(low: number, high: number, from: number, to: number): Scale {
  const extent = high - low;
  const at = (value: number) => {
    const share = extent === 0 ? 0.5 : Math.min(1, Math.max(0, (value - low) / extent));
    return from + share * (to - from);
  };
  return { low, high, at };
}

/** The shared domain of shares: down to the tenth below the smallest, up to 1. */
export function shareDomain(values: (number | null | undefined)[]): [number, number] {
  const known = values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v));
  if (known.length === 0) return [0, 1];
  const low = Math.floor(Math.min(...known) * 10 + 1e-9) / 10;
  return [Math.max(0, Math.min(low, 0.9)), 1];
}

/** Two to five round values that span `low`..`high`, both ends covered. */
export function ticks(low: number, high: number, most = 4): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * unit).find((s) => s >= raw - 1e-12) ?? 10 * unit;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
