/** One import: `from` imports `to`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** What can be reached from each place over one import or more. */
function reachOf(edges: readonly Edge[]): (place: string) => ReadonlySet<string> {
  const next = Map.groupBy(edges, ({ from }) => from);
  const known = new Map<string, ReadonlySet<string>>();
  return (place) => {
    const before = known.get(place);
    if (before !== undefined) return before;
    const reached = new Set<string>();
    const waiting = [place];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      for (const { to } of next.get(one) ?? []) {
        if (reached.has(to)) continue;
        reached.add(to);
        waiting.push(to);
      }
    }
    known.set(place, reached);
    return reached;
  };
}

/** The groups of places that reach each other, each in alphabetical order. */
export function findCircles(edges: readonly Edge[]): readonly (readonly string[])[] {
  const reach = reachOf(edges);
  const circular = [...new Set(edges.map(({ from }) => from))].filter((place) => reach(place).has(place));
  const groups = circular.map((place) =>
    circular.filter((other) => reach(place).has(other) && reach(other).has(place)),
  );
  const names = new Map(groups.map((group) => [group.toSorted().join('\n'), group.toSorted()]));
  return [...names.values()].toSorted((left, right) => left.join().localeCompare(right.join()));
}
