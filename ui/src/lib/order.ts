/** The order of a table's rows. */

/** The rows by a value, those without one last in either direction. */
export function ordered<T>(rows: T[], value: (row: T) => number | string | null, descending: boolean): T[] {
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0);
    return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1);
  });
}
