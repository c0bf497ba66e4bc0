import { encodeElement, readElement } from '../../src/emulator/documents/der.ts';
import { checkDer } from '../../src/verifier/der.ts';

/** Everything that can be done to one element of a document, systematically. */

/** An element of a document, and where it stands. */
export interface Node {
  /** Indices from the document down; for people who read a failure. */
  readonly path: string;
  readonly tag: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
  /** The elements that it stands in, the outermost first; and for strings that hold DER: octets before that DER. */
  readonly around: readonly Enclosing[];
}

interface Enclosing {
  readonly tag: number;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
}

const CONSTRUCTED = 0x20;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;

/** Every element of the DER, in order; those inside of OCTET STRINGs and BIT STRINGs too, where these hold DER. */
export function listNodes(octets: Uint8Array): Node[] {
  const nodes: Node[] = [];
  const visit = (start: number, path: string, around: readonly Enclosing[]): number => {
    const element = readElement(octets, start);
    nodes.push({ path, ...element, around });
    const inside = findInside(octets, element);
    if (inside === null) return element.end;
    for (let place = inside, index = 0; place < element.end; index++) {
      place = visit(place, `${path}.${index}`, [...around, element]);
    }
    return element.end;
  };
  visit(0, '0', []);
  return nodes;
}

/** Where the elements inside begin; null where there are none. */
function findInside(octets: Uint8Array, { tag, contents, end }: Enclosing): number | null {
  if ((tag & CONSTRUCTED) !== 0) return contents;
  const inside = tag === BIT_STRING ? contents + 1 : contents;
  if (tag !== BIT_STRING && tag !== OCTET_STRING) return null;
  try {
    checkDer(octets.subarray(inside, end), { depth: 16, elements: 1024 });
    return inside;
  } catch {
    return null;
  }
}

/** What is written in an element's place. */
export const CHANGES = {
  dropped: () => new Uint8Array(),
  doubled: (element: Uint8Array) => Buffer.concat([element, element]),
  emptied: (element: Uint8Array) => Uint8Array.of(element[0] ?? 0, 0),
} as const;

export type ChangeName = keyof typeof CHANGES;

/** The element changed, and nothing else: the lengths around it do not fit any more. */
export function changeRaw(octets: Uint8Array, { start, end }: Node, change: ChangeName): Uint8Array {
  const element = CHANGES[change](octets.subarray(start, end));
  return Buffer.concat([octets.subarray(0, start), element, octets.subarray(end)]);
}

/** The element changed, and every length around it mended. */
export function changeMended(octets: Uint8Array, { start, end, around }: Node, change: ChangeName): Uint8Array {
  let changed = CHANGES[change](octets.subarray(start, end));
  let [from, to] = [start, end];
  for (const outer of around.toReversed()) {
    changed = encodeElement(outer.tag, octets.subarray(outer.contents, from), changed, octets.subarray(to, outer.end));
    [from, to] = [outer.start, outer.end];
  }
  return changed;
}
