/**
 * A strict JSON reader (RFC 8259) that sees what `JSON.parse` hides: the same key twice, at any depth. Bounded in depth and
 * in the number of values; the caller bounds the length. Objects become Maps, so that no key can reach a prototype.
 */

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
/** Of a string with escapes; a loop takes them, for one expression over a million of them is out of its depth. */
const STRING_PART = /[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
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
  const reader = new JsonReader(text);
  const value = reader.readValue(0);
  reader.finish();
  return value;
}

function decodeUtf8(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    throw new JsonError('not UTF-8');
  }
}

class JsonReader {
  readonly #text: string;
  readonly #path: (string | number)[] = [];
  #position = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readValue(depth: number): JsonValue {
    if (++this.#values > MAX_VALUES) this.#fail(`more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) this.#fail('nested too deeply');
    this.#skipSpace();
    const next = this.#text[this.#position];
    if (next === '{') return this.#readObject(depth);
    if (next === '[') return this.#readArray(depth);
    if (next === '"') return this.#readString();
    const literal = this.#readLiteral();
    return literal === undefined ? this.#readNumber() : literal;
  }

  finish(): void {
    this.#skipSpace();
    if (this.#position !== this.#text.length) this.#fail();
  }

  #readObject(depth: number): ReadonlyMap<string, JsonValue> {
    const members = new Map<string, JsonValue>();
    this.#expect('{');
    if (this.#accept('}')) return members;
    do {
      this.#skipSpace();
      const key = this.#readString();
      if (members.has(key)) this.#fail('a key stands twice in one object', key);
      if (members.size >= MAX_MEMBERS) this.#fail(`more than ${MAX_MEMBERS} members`);
      this.#expect(':');
      members.set(key, this.#readInside(key, depth));
    } while (this.#accept(','));
    this.#expect('}');
    return members;
  }

  #readArray(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#expect('[');
    if (this.#accept(']')) return items;
    do items.push(this.#readInside(items.length, depth));
    while (this.#accept(','));
    this.#expect(']');
    return items;
  }

  #readInside(place: string | number, depth: number): JsonValue {
    this.#path.push(place);
    const value = this.readValue(depth + 1);
    this.#path.pop();
    return value;
  }

  #readString(): string {
    const plain = this.#match(PLAIN_STRING);
    if (plain !== null) return plain.slice(1, -1);
    const text = JSON.parse(this.#readEscaped()) as string;
    // RFC 7493 section 2.1: encoders write every lone surrogate as the same replacement character.
    if (!text.isWellFormed()) this.#fail('half a surrogate pair');
    return text;
  }

  /** With its quotation marks and escapes. */
  #readEscaped(): string {
    const start = this.#position;
    this.#expectNow('"');
    while (this.#match(STRING_PART) !== null);
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
    throw new JsonError(message, { position: this.#position, key, path: [...this.#path] });
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
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(power) - fraction.length + digits.length - significant.length}`;
}
