/**
 * A strict JSON reader (RFC 8259) that sees what `JSON.parse` hides: the same key twice, at any depth. Bounded in depth and
 * in the number of values; the caller bounds the length. Objects become Maps, so that no key can reach a prototype.
 */

import { finish } from './pieces.ts';
import type { Pieces } from './pieces.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;

/** The text is not JSON, not Unicode, nested too deeply, too full, or names a key twice. The message carries no part of it. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  /** In characters, from 0; null where it is not known. */
  readonly position: number | null;
  /** The key that an object has twice, for messages; null for every other fault. */
  readonly key: string | null;
  /** For messages: the keys and indexes that lead to what could not be read. */
  readonly path: readonly (string | number)[];

  constructor(message: string, { position = null, key = null, path = [] }: JsonErrorPlace = {}) {
    super(message);
    this.position = position;
    this.key = key;
    this.path = path;
  }
}

type JsonErrorPlace = Partial<Pick<JsonError, 'position' | 'key' | 'path'>>;

const MAX_DEPTH = 16;
/** Objects, lists, texts, numbers and words. A file of 8 MiB with the longest lists has half of it. */
const MAX_VALUES = 500_000;
/** Of one object. */
const MAX_MEMBERS = 1_000;

/** Strings without an escape, which all of Azure's are; the others are left to `JSON.parse`, which is strict about them. */
const PLAIN_STRING = /"[^"\\\u0000-\u001f]*"/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws {JsonError} */
export function parseStrictJson(octets: Uint8Array): JsonValue {
  return parseJsonText(decodeUtf8(octets));
}

/** @throws {JsonError} */
export function parseJsonText(text: string): JsonValue {
  return finish(parseJsonPieces(text, (members) => members)) as JsonValue;
}

/** Values of a piece. */
const PIECE = 500;

/**
 * As {@link parseJsonText}, in pieces.
 *
 * @param close makes what stands for an object of its members
 * @throws {JsonError}
 */
export function* parseJsonPieces(text: string, close: CloseObject): Pieces<unknown> {
  const reader = new JsonReader(text, close);
  while (!reader.read(PIECE)) yield;
  return reader.finish();
}

type CloseObject = (members: ReadonlyMap<string, unknown>) => unknown;

function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new JsonError('not UTF-8');
  }
}

/** In place of a value: it has begun, or another one follows. No JSON is it. */
const OPENED = Symbol('opened');

/** An object or a list that has begun. `place` is where its next value goes: null where none is being read. */
type Open =
  | { readonly members: Map<string, unknown>; key: string; place: string | null }
  | { readonly items: unknown[]; place: number | null };

/** Keeps what is open in a list of its own, not on the stack, so that it can stop after any value. */
class JsonReader {
  readonly #text: string;
  readonly #close: CloseObject;
  /** The innermost last. */
  readonly #open: Open[] = [];
  #position = 0;
  #values = 0;
  #result: unknown;

  constructor(text: string, close: CloseObject) {
    this.#text = text;
    this.#close = close;
  }

  /** @returns whether the whole value has been read, which it has not after `most` values more */
  read(most: number): boolean {
    for (let left = most; left > 0; left -= 1) {
      this.#readNext();
      if (this.#open.length === 0) return true;
    }
    return false;
  }

  /** Once {@link read} has read all. */
  finish(): unknown {
    this.#skipSpace();
    if (this.#position !== this.#text.length) this.#fail();
    return this.#result;
  }

  /** A scalar, an empty object or list, or the beginning of one; and then the ends of all that end with it. */
  #readNext(): void {
    let value = this.#begin();
    while (value !== OPENED) {
      const around = this.#open.at(-1);
      if (around === undefined) {
        this.#result = value;
        return;
      }
      value = 'items' in around ? this.#addItem(around, value) : this.#addMember(around, value);
    }
  }

  #begin(): unknown {
    if (++this.#values > MAX_VALUES) this.#fail(`more than ${MAX_VALUES} values`);
    if (this.#open.length > MAX_DEPTH) this.#fail('nested too deeply');
    this.#skipSpace();
    const next = this.#text[this.#position];
    if (next === '{') return this.#beginObject();
    if (next === '[') return this.#beginList();
    if (next === '"') return this.#readString();
    const literal = this.#readLiteral();
    return literal === undefined ? this.#readNumber() : literal;
  }

  #beginObject(): unknown {
    this.#position++;
    const members = new Map<string, unknown>();
    if (this.#accept('}')) return this.#close(members);
    const open = { members, key: '', place: null };
    this.#open.push(open);
    this.#readKey(open);
    return OPENED;
  }

  #beginList(): unknown {
    this.#position++;
    if (this.#accept(']')) return [];
    this.#open.push({ items: [], place: 0 });
    return OPENED;
  }

  #readKey(open: Extract<Open, { members: unknown }>): void {
    const { members } = open;
    open.place = null;
    this.#skipSpace();
    const key = this.#readString();
    if (members.has(key)) this.#fail('a key stands twice in one object', key);
    if (members.size >= MAX_MEMBERS) this.#fail(`more than ${MAX_MEMBERS} members`);
    this.#expect(':');
    open.key = key;
    open.place = key;
  }

  /** @returns the object where it ends here, else {@link OPENED} */
  #addMember(open: Extract<Open, { members: unknown }>, value: unknown): unknown {
    open.members.set(open.key, value);
    if (this.#accept(',')) {
      this.#readKey(open);
      return OPENED;
    }
    open.place = null;
    this.#expect('}');
    this.#open.pop();
    return this.#close(open.members);
  }

  /** @returns the list where it ends here, else {@link OPENED} */
  #addItem(open: Extract<Open, { items: unknown }>, value: unknown): unknown {
    open.items.push(value);
    if (this.#accept(',')) {
      open.place = open.items.length;
      return OPENED;
    }
    open.place = null;
    this.#expect(']');
    this.#open.pop();
    return open.items;
  }

  #readString(): string {
    const plain = this.#match(PLAIN_STRING);
    if (plain !== null) return plain.slice(1, -1);
    const text = this.#unescape(this.#readEscaped());
    // RFC 7493 section 2.1: encoders write every lone surrogate as the same replacement character.
    if (!text.isWellFormed()) this.#fail('half a surrogate pair');
    return text;
  }

  #unescape(written: string): string {
    try {
      return JSON.parse(written) as string;
    } catch {
      return this.#fail();
    }
  }

  /** With its quotation marks; `JSON.parse` judges what stands between them. */
  #readEscaped(): string {
    const start = this.#position;
    this.#expectNow('"');
    let end = this.#position;
    while (end < this.#text.length && this.#text.charCodeAt(end) !== QUOTE)
      end += this.#text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    this.#position = end;
    this.#expectNow('"');
    return this.#text.slice(start, this.#position);
  }

  #readNumber(): number {
    const text = this.#match(NUMBER) ?? this.#fail();
    const value = Number(text);
    if (!isHeldExactly(text, value)) this.#fail('a number with more digits than a JSON number holds; write a string');
    // -0 is 0: who compares values, and whoever writes them again, knows one zero.
    return value === 0 ? 0 : value;
  }

  /** `undefined` where no literal stands; `null` is one of them. */
  #readLiteral(): boolean | null | undefined {
    for (const [word, value] of LITERALS) {
      if (this.#text.startsWith(word, this.#position)) {
        this.#position += word.length;
        return value;
      }
    }
    return undefined;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#position = pattern.lastIndex;
    return found[0];
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#position;
    SPACE.exec(this.#text);
    this.#position = SPACE.lastIndex;
  }

  #accept(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) this.#fail();
  }

  /** Without white space before it. */
  #expectNow(character: string): void {
    if (this.#text[this.#position] !== character) this.#fail();
    this.#position++;
  }

  #fail(message = 'not JSON', key: string | null = null): never {
    const path = this.#open.map(({ place }) => place).filter((place) => place !== null);
    throw new JsonError(message, { position: this.#position, key, path });
  }
}

/** Characters of a number: of fewer a double holds every digit, and more are not looked at. */
const FEW = 15;
const MANY = 1_000;

/**
 * RFC 7493 section 2.2: a number that a double does not hold is read, and signed, as another one. A double holds what it
 * is written as again.
 */
function isHeldExactly(text: string, value: number): boolean {
  if (text.length <= FEW && !/[eE]/.test(text)) return true;
  return text.length <= MANY && Number.isFinite(value) && readDecimal(text) === readDecimal(String(value));
}

/** One text for all notations of a number: its digits without zeros at the ends, and the power of ten. */
function readDecimal(text: string): string {
  const [mantissa, power = '0'] = text.split(/e/i) as [string, string?];
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.') as [string, string?];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const exponent = Number(power) - fraction.length + digits.length - significant.length;
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${exponent}`;
}
