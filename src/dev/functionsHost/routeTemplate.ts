/** A segment of a route: text to compare, or a parameter. */
export type RouteSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly optional: boolean; readonly constraint?: Constraint }
  | { readonly kind: 'rest'; readonly name: string };

interface Constraint {
  /** as it is written, such as `int` */
  readonly text: string;
  readonly accepts: (value: string) => boolean;
}

/** ASP.NET Core's route constraints that this host knows (its documentation, "Route constraints"). */
const CONSTRAINTS: Readonly<Record<string, (value: string) => boolean>> = {
  int: (value) => isInteger(value, 32n),
  long: (value) => isInteger(value, 64n),
  bool: (value) => /^(true|false)$/i.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  guid: (value) => /^[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}$/i.test(value),
};

function isInteger(value: string, bits: bigint): boolean {
  if (!/^[+-]?\d{1,20}$/.test(value)) return false;
  const number = BigInt(value.replace(/^\+/, ''));
  return BigInt.asIntN(Number(bits), number) === number;
}

function findConstraint(text: string): Constraint['accepts'] | undefined {
  const longest = /^maxlength\((\d{1,9})\)$/.exec(text)?.[1];
  return longest === undefined ? CONSTRAINTS[text] : (value) => value.length <= Number(longest);
}

/**
 * Parses a route such as `v1/{name}/{id:int}/{*rest}`.
 * @param text as a function gives it; slashes at its ends do not count
 * @returns the segments, or what is wrong with the route in one sentence
 */
export function parseRoute(text: string): readonly RouteSegment[] | string {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  const parts = trimmed === '' ? [] : trimmed.split('/');
  const segments: RouteSegment[] = [];
  for (const part of parts) {
    const segment = parseSegment(part);
    if (typeof segment === 'string') return segment;
    segments.push(segment);
  }
  return findMisplaced(segments) ?? segments;
}

function parseSegment(part: string): RouteSegment | string {
  if (part === '') return 'It has an empty segment; take out the doubled slash.';
  if (!/[{}*?]/.test(part)) return { kind: 'literal', text: part };
  const match = /^\{(?<rest>\*{0,2})(?<name>[a-zA-Z_]\w*)(?::(?<constraint>[^?{}]+))?(?<optional>\??)\}$/.exec(part);
  const groups = match?.groups;
  if (groups?.['name'] === undefined) {
    return `Its segment "${part}" is not known here; write text, {name}, {name:int}, {name?} or {*name}.`;
  }
  if (groups['rest'] !== '') return { kind: 'rest', name: groups['name'] };
  const parameter = { kind: 'parameter', name: groups['name'], optional: groups['optional'] === '?' } as const;
  const constraint = groups['constraint'];
  if (constraint === undefined) return parameter;
  const accepts = findConstraint(constraint);
  if (accepts === undefined) {
    return `Its constraint "${constraint}" is not known here; known are ${[...Object.keys(CONSTRAINTS), 'maxlength(n)'].join(', ')}.`;
  }
  return { ...parameter, constraint: { text: constraint, accepts } };
}

function findMisplaced(segments: readonly RouteSegment[]): string | undefined {
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (segment.kind === 'literal') continue;
    const name = segment.name.toLowerCase();
    if (names.has(name)) return `Its parameter "${segment.name}" is there twice.`;
    names.add(name);
    const mustBeLast = segment.kind === 'rest' || segment.optional;
    if (mustBeLast && index !== segments.length - 1) return `Its parameter "${segment.name}" must be the last segment.`;
  }
  return undefined;
}

/**
 * Matches a path against a route; text is compared without regard to case, as the platform does.
 * @param path decoded segments, without the prefix and without the empty one that a slash at the end makes
 * @returns the parameters' values, or undefined where the path is not one of this route
 */
export function matchRoute(
  route: readonly RouteSegment[],
  path: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of route.entries()) {
    if (segment.kind === 'rest') {
      const rest = path.slice(index).join('/');
      if (rest !== '') params[segment.name] = rest;
      return params;
    }
    const value = path[index];
    if (value === undefined) return segment.kind === 'parameter' && segment.optional ? params : undefined;
    if (!acceptsValue(segment, value)) return undefined;
    if (segment.kind === 'parameter') params[segment.name] = value;
  }
  return path.length <= route.length ? params : undefined;
}

function acceptsValue(segment: Exclude<RouteSegment, { kind: 'rest' }>, value: string): boolean {
  if (segment.kind === 'literal') return segment.text.toLowerCase() === value.toLowerCase();
  return value !== '' && (segment.constraint?.accepts(value) ?? true);
}

/** Whether every path of `other` is also one of `route`, so that `other` is never reached when `route` is tried first. */
export function coversRoute(route: readonly RouteSegment[], other: readonly RouteSegment[]): boolean {
  for (const [index, segment] of route.entries()) {
    if (segment.kind === 'rest') return true;
    const theirs = other[index];
    if (theirs === undefined) return segment.kind === 'parameter' && segment.optional;
    if (!coversSegment(segment, theirs)) return false;
  }
  return other.length === route.length;
}

function coversSegment(segment: Exclude<RouteSegment, { kind: 'rest' }>, other: RouteSegment): boolean {
  if (other.kind === 'rest') return false;
  if (other.kind === 'literal') return acceptsValue(segment, other.text);
  if (segment.kind === 'literal') return false;
  if (other.optional && !segment.optional) return false;
  return segment.constraint === undefined || segment.constraint.text === other.constraint?.text;
}
