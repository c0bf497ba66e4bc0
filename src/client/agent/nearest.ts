/** Changes that a slip of the fingers makes. */
const MAX_CHANGES = 2;

/** The name that somebody may have meant; undefined where none is near. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, changes: countChanges(text.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, changes }) => changes <= MAX_CHANGES && changes < name.length / 2)
    .toSorted((one, other) => one.changes - other.changes);
  return near.at(0)?.name;
}

/** ` Did you mean "check"?`, or nothing. */
export function suggest(text: string, names: readonly string[]): string {
  const name = nearest(text, names);
  return name === undefined ? '' : ` Did you mean "${name}"?`;
}

/** Letters added, left out, replaced or swapped with their neighbour (optimal string alignment). */
function countChanges(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let row = 1; row <= from.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const options = [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (isSame ? 0 : 1)];
      if (isSwap) options.push(at(row - 2, column - 2) + 1);
      rows[row]?.push(Math.min(...options));
    }
  }
  return at(from.length, to.length);
}
