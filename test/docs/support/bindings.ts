import { expect } from 'vitest';

/** Texts that each run has others of, wherever they stand in an answer. */
const VARYING =
  /\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{40,}|(?=[\w-]*[A-Z])[\w-]{40,}/g;
const TIME = /^\d{4}-\d\d-\d\dT/;
/** Members that are opaque to whoever gets them. */
const OPAQUE: readonly string[] = [
  ...['continuation', 'etag', 'effectToken'],
  ...['backup', 'part', 'digest', 'statement', 'restore', 'signedBy'],
];
/** "And more": other members of an object, elements of a list, any text. */
const MORE = '…';

/**
 * What the values of the page are here. A value means the same wherever it stands: an ETag that the page shows twice has
 * to come twice. Times are compared by their form alone.
 */
export class Bindings {
  readonly #real = new Map<string, string>();

  readonly #fixed: readonly (readonly [shown: string, real: string])[];

  /** @param fixed texts of the page, and what is here in their place */
  constructor(fixed: Readonly<Record<string, string>>) {
    this.#fixed = Object.entries(fixed);
  }

  /** A text of the page, with the values that are here. */
  translate(text: string): string {
    return replaceAll(text, [...this.#fixed, ...this.#real]);
  }

  /** A body of the page with the values that are here; what is no JSON is taken as text. */
  translateBody(body: string): string {
    const isJson = /^[{[]/.test(body);
    if (!isJson) return this.translate(body);
    const translate = (_: string, value: unknown) => (typeof value === 'string' ? this.translate(value) : value);
    return JSON.stringify(JSON.parse(body, translate));
  }

  /** Compares what the page shows with what came. */
  compare(shown: unknown, real: unknown, at: string): void {
    if (shown === MORE) expect(real, at).toBeTypeOf('string');
    else if (Array.isArray(shown)) this.#compareList(shown, real, at);
    else if (typeof shown === 'object' && shown !== null) this.#compareObject(shown, real, at);
    else if (typeof shown !== 'string') expect(real, at).toBe(shown);
    else if (OPAQUE.includes(at.split('.').at(-1) ?? '')) this.#bind(shown, real, at);
    else this.#compareText(shown, real, at);
  }

  #compareObject(shown: object, real: unknown, at: string): void {
    expect(real, at).toBeTypeOf('object');
    const members = Object.entries(shown).filter(([name]) => name !== MORE);
    const there = real as Readonly<Record<string, unknown>>;
    if (MORE in shown) expect(Object.keys(there), at).toEqual(expect.arrayContaining(members.map(([name]) => name)));
    else expect(Object.keys(there).toSorted(), at).toEqual(members.map(([name]) => name).toSorted());
    for (const [name, value] of members) this.compare(value, there[name], `${at}.${name}`);
  }

  #compareList(shown: readonly unknown[], real: unknown, at: string): void {
    const there = real as readonly unknown[];
    const more = shown.indexOf(MORE);
    if (more < 0) expect(there, at).toHaveLength(shown.length);
    else expect(there.length, at).toBeGreaterThanOrEqual(shown.length);
    const tail = more < 0 ? 0 : shown.length - 1 - more;
    shown.forEach((value, index) => {
      if (index !== more)
        this.compare(value, more < 0 || index < more ? there[index] : there.at(index - more - 1 - tail), at);
    });
  }

  #compareText(shown: string, real: unknown, at: string): void {
    const expected = replaceAll(shown, this.#fixed);
    const [mine, theirs] = [expected, String(real)].map((text) => text.match(VARYING) ?? []);
    expect(String(real).replace(VARYING, '…'), at).toBe(expected.replace(VARYING, '…'));
    mine?.forEach((value, index) => {
      const other = theirs?.[index] ?? '';
      if (TIME.test(value)) expect(other, at).toMatch(TIME);
      else this.#bind(value, other, at);
    });
  }

  #bind(shown: string, real: unknown, at: string): void {
    expect(real, at).toBeTypeOf('string');
    if (!this.#real.has(shown)) this.#real.set(shown, String(real));
    expect(real, at).toBe(this.#real.get(shown));
  }
}

function replaceAll(text: string, pairs: Iterable<readonly [string, string]>): string {
  return [...pairs].reduce((sum, [from, to]) => sum.replaceAll(from, to), text);
}
