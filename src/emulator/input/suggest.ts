/** What is said of a name that is none of the known ones, with the nearest of them where one is near. */
export function describeUnknown(given: readonly string[], known: readonly string[]): string {
  return given.map((name) => describeOne(name, known)).join('; ');
}

function describeOne(name: string, known: readonly string[]): string {
  const [nearest] = known
    .map((each) => ({ each, distance: distanceOf(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(name.length / 3)))
    .sort((one, other) => one.distance - other.distance);
  const question = nearest ? `Did you mean ${JSON.stringify(nearest.each)}?` : `The fields are ${known.join(', ')}.`;
  return `there is no field ${JSON.stringify(name.slice(0, 64))}. ${question}`;
}

/** How many letters must be put in, left out or replaced (Levenshtein). */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [place, letter] of Array.from(one.slice(0, 64)).entries()) {
    const next = [place + 1];
    for (let at = 1; at <= other.length; at += 1) {
      const replaced = (row[at - 1] ?? 0) + (other[at - 1] === letter ? 0 : 1);
      next.push(Math.min(replaced, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
