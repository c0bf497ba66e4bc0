/**
 * A strict reader of DER (ITU-T X.690 section 10), for octets that a stranger sent. Two layers: `checkDer` walks the whole
 * tree once and refuses everything that is BER but not DER, within a budget; `DerReader` then reads typed values in order.
 * The reader repeats the bounds of the walk, so that it is safe on its own as well.
 */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tags; constructed ones carry further elements. */
export const contextTag = (number: number): number => 0x80 | number;
export const constructedContextTag = (number: number): number => 0xa0 | number;

/** How much one input may ask of the reader. */
export interface DerLimits {
  readonly depth: number;
  readonly elements: number;
}

/** The octets are not strict DER, or not what was to be read next. The message names the offset, never the octets. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

const CONSTRUCTED = 0x20;
const CLASS = 0xc0;
const NUMBER = 0x1f;

interface Header {
  readonly tag: number;
  readonly content: number;
  readonly end: number;
}

/** What stands behind the end: no octet, and more than any. A small integer, which is what arithmetic here is quick with. */
const NOTHING = 0x100;

function octetAt(octets: Uint8Array, index: number): number {
  return octets[index] ?? NOTHING;
}

/** Reads the identifier and length octets at `start` (X.690 sections 8.1.2, 8.1.3 and 10.1). */
function readHeader(octets: Uint8Array, start: number, limit: number): Header {
  if (start + 2 > limit) throw new DerError(`truncated at ${start}`);
  const tag = octetAt(octets, start);
  const first = octetAt(octets, start + 1);
  if ((tag & NUMBER) === NUMBER) throw new DerError(`tag number above 30 at ${start}`);
  let length = first;
  let content = start + 2;
  if (first >= 0x80) {
    // Lengths of more than three octets would exceed every bound of the callers.
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new DerError(`indefinite or oversized length at ${start}`);
    length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + octetAt(octets, content + index);
    content += count;
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new DerError(`length not minimal at ${start}`);
  }
  const end = content + length;
  if (end > limit) throw new DerError(`length beyond the enclosing element at ${start}`);
  return { tag, content, end };
}

/**
 * Walks one DER element and everything in it.
 *
 * @throws {DerError} indefinite or non-minimal lengths, trailing octets, constructed strings, primitive values that are
 * not in their one DER form, more depth or elements than `limits` allows
 */
export function checkDer(octets: Uint8Array, { depth, elements }: DerLimits): void {
  /** Where the elements end that stand around the innermost open one; the input itself is the outermost. */
  const ends: number[] = [];
  let end = octets.length;
  let position = 0;
  for (let count = 1; end !== OUTSIDE; count++) {
    if (count > elements) throw new DerError('too many elements');
    const header = readHeader(octets, position, end);
    if ((header.tag & CONSTRUCTED) !== 0) {
      if (ends.length === depth) throw new DerError('nested too deeply');
      checkConstructed(header.tag, header.content);
      ends.push(end);
      end = header.end;
      position = header.content;
    } else {
      checkPrimitive(octets, header);
      position = header.end;
    }
    while (position === end) end = ends.pop() ?? OUTSIDE;
    if (ends.length === 0 && end !== OUTSIDE) throw new DerError(`trailing octets at ${position}`);
  }
}

/** The end of what is around the input. */
const OUTSIDE = -1;

/** Of the universal types only SEQUENCE and SET are constructed in DER (X.690 section 10.2). */
function checkConstructed(tag: number, content: number): void {
  if ((tag & CLASS) === 0 && tag !== TAG.sequence && tag !== TAG.set) {
    throw new DerError(`constructed string before ${content}`);
  }
}

function checkPrimitive(octets: Uint8Array, { tag, content, end }: Header): void {
  switch (tag) {
    case TAG.boolean:
      if (end - content !== 1 || (octets[content] !== 0 && octets[content] !== 0xff))
        throw new DerError(`boolean at ${content}`);
      return;
    case TAG.integer:
      checkInteger(octets, content, end);
      return;
    case TAG.bitString:
      checkBitString(octets, content, end);
      return;
    case TAG.null:
      if (end !== content) throw new DerError(`null with content at ${content}`);
      return;
    case TAG.oid:
      checkOid(octets, content, end);
      return;
    case TAG.sequence & ~CONSTRUCTED:
    case TAG.set & ~CONSTRUCTED:
    case 0x00:
      throw new DerError(`tag ${tag} at ${content}`);
    default:
  }
}

/** X.690 section 8.3.2: the first nine bits are never all equal. */
function checkInteger(octets: Uint8Array, content: number, end: number): void {
  const first = octetAt(octets, content);
  const second = octetAt(octets, content + 1);
  const isPadded = end - content > 1 && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
  if (content === end || isPadded) throw new DerError(`integer not minimal at ${content}`);
}

/** X.690 sections 8.6.2 and 11.2.1: the number of unused bits, and those bits are zero. */
function checkBitString(octets: Uint8Array, content: number, end: number): void {
  const unused = octetAt(octets, content);
  if (content === end || unused > 7) throw new DerError(`bit string at ${content}`);
  // Where no other octet follows, the last one is the number itself: it must be zero too.
  const isEmpty = content + 1 === end;
  const spare = isEmpty ? 0xff : (1 << unused) - 1;
  if ((octetAt(octets, end - 1) & spare) !== 0) throw new DerError(`unused bits at ${content}`);
}

/** X.690 section 8.19.2: no subidentifier starts with 0x80, and the last one ends. */
function checkOid(octets: Uint8Array, content: number, end: number): void {
  let starts = true;
  for (let index = content; index < end; index++) {
    const octet = octetAt(octets, index);
    if (starts && octet === 0x80) throw new DerError(`object identifier not minimal at ${content}`);
    starts = octet < 0x80;
  }
  if (content === end || !starts) throw new DerError(`object identifier at ${content}`);
}

/** Reads the elements of one constructed value in order. Slices are views of the input, not copies. */
export class DerReader {
  readonly #octets: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(octets: Uint8Array, start = 0, end = octets.length) {
    this.#octets = octets;
    this.#position = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#position === this.#end;
  }

  /** Whether an element with this tag comes next. */
  hasNext(tag: number): boolean {
    return this.#position < this.#end && this.#octets[this.#position] === tag;
  }

  /** The tag that comes next; -1 at the end. */
  get nextTag(): number {
    return this.atEnd ? -1 : octetAt(this.#octets, this.#position);
  }

  #take(tag: number): Header {
    if (!this.hasNext(tag)) throw new DerError(`expected tag ${tag} at ${this.#position}`);
    const header = readHeader(this.#octets, this.#position, this.#end);
    this.#position = header.end;
    return header;
  }

  /** The content octets of the next element, which has this tag. */
  readContent(tag: number): Uint8Array {
    const { content, end } = this.#take(tag);
    return this.#octets.subarray(content, end);
  }

  /** The next element whole, with its identifier and length octets. */
  readElement(tag: number): Uint8Array {
    const start = this.#position;
    const { end } = this.#take(tag);
    return this.#octets.subarray(start, end);
  }

  /** A reader of the next element's own elements. */
  enter(tag: number): DerReader {
    const { content, end } = this.#take(tag);
    return new DerReader(this.#octets, content, end);
  }

  /** The octets of a BIT STRING that is a whole number of octets (keys, signatures). */
  readOctetAlignedBits(): Uint8Array {
    const bits = this.readContent(TAG.bitString);
    if (bits[0] !== 0) throw new DerError('bit string is not a whole number of octets');
    return bits.subarray(1);
  }

  /** Refuses elements that nobody has read. */
  finish(): void {
    if (!this.atEnd) throw new DerError(`unexpected element at ${this.#position}`);
  }
}

/**
 * The dotted form of an OBJECT IDENTIFIER's content octets. Arcs of more than 53 bits lose digits, but never become a
 * smaller one that is known.
 */
export function formatOid(content: Uint8Array): string {
  let text = '';
  let value = 0;
  for (const octet of content) {
    value = value * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    text += text === '' ? formatFirstArcs(value) : `.${value}`;
    value = 0;
  }
  return text;
}

/** X.690 section 8.19.4: the first two arcs are one number. */
function formatFirstArcs(value: number): string {
  const root = Math.min(Math.floor(value / 40), 2);
  return `${root}.${value - root * 40}`;
}

export function isEqualOctets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
