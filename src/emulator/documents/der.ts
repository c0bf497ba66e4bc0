/** The tags of DER that documents are put together from. */
export const TAG = { sequence: 0x30, set: 0x31, octetString: 0x04, context0: 0xa0 } as const;

/** One element with its minimal definite length (X.690 section 10.1). */
export function encodeElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return new Uint8Array(Buffer.concat([Uint8Array.of(tag), encodeLength(length), ...parts]));
}

/** The octets of a length; `octets` more than it needs makes it a form that DER forbids. */
export function encodeLength(length: number, octets = 0): Uint8Array<ArrayBuffer> {
  if (octets === 0 && length < 0x80) return Uint8Array.of(length);
  const digits: number[] = [];
  for (let rest = length; rest > 0 || digits.length < octets; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Uint8Array.of(0x80 | digits.length, ...digits);
}

/** An element of DER in its place. */
export interface Element {
  readonly tag: number;
  /** Where the element begins, where its contents do, and where both end. */
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

/** The element that begins at the place. The octets are our own: nothing is checked. */
export function readElement(octets: Uint8Array, start = 0): Element {
  const [tag = 0, first = 0] = octets.subarray(start, start + 2);
  const digits = first < 0x80 ? 0 : first & 0x7f;
  const contents = start + 2 + digits;
  const length = digits === 0 ? first : octets.subarray(start + 2, contents).reduce((sum, each) => sum * 256 + each, 0);
  return { tag, start, contents, end: contents + length };
}

/** The elements inside a constructed one. */
export function readChildren(octets: Uint8Array, { contents, end }: Element): Element[] {
  const children: Element[] = [];
  for (let place = contents; place < end;) {
    const child = readElement(octets, place);
    children.push(child);
    place = child.end;
  }
  return children;
}

/**
 * Writes one element anew, and every length around it.
 *
 * @param path the index of the child at each level; the content of a document is at `[1, 0, 2, 1, 0]`
 * @param change given the octets of the whole element: the octets to write in its place
 */
export function rewriteElement(
  octets: Uint8Array,
  path: readonly number[],
  change: (element: Uint8Array) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const [index, ...rest] = path;
  if (index === undefined) return new Uint8Array(change(octets));
  const whole = readElement(octets);
  const children = readChildren(octets, whole).map(({ start, end }) => octets.subarray(start, end));
  const wanted = children[index];
  if (!wanted) throw new RangeError(`the element has no child ${index}`);
  return encodeElement(whole.tag, ...children.with(index, rewriteElement(wanted, rest, change)));
}
