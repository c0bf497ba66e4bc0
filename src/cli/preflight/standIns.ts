import { createHmac, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';

/** Characters of a made-up value: enough to show the form. */
const MAX_STAND_IN = 64;

const UUID = '[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}';
const IPV4 = '(?:\\d{1,3}\\.){3}\\d{1,3}';
/** What is replaced as one; what stands between them is punctuation, which says nothing by itself. */
const TOKEN = new RegExp(`${UUID}|${IPV4}|[\\p{L}\\p{M}\\p{N}]+`, 'gu');

/** MAC addresses, digests and keys. */
const HEX = /^(?=.*\d)(?:[0-9a-f]{8,}|[0-9A-F]{8,})$/;

/**
 * Made-up values of the same form. Within one run a value has one stand-in wherever it stands, whatever its case, so that
 * what was equal stays equal. They are made with a key that is not kept: nobody can try values until the stand-ins agree.
 */
export class StandIns {
  readonly #key: Uint8Array;
  readonly #addresses = new Map<string, string>();

  /** @param key 32 octets; random unless a test gives one */
  constructor(key: Uint8Array = randomBytes(32)) {
    this.#key = key;
  }

  replace(text: string): string {
    const cut = Array.from(text).slice(0, MAX_STAND_IN).join('');
    if (isIPv6(cut)) return this.#replaceAddress(cut, '2001:db8::');
    const replaced = cut.replace(TOKEN, (token) => this.#replaceToken(token));
    return replaced.replace(/[^\x20-\x7e]/g, '_');
  }

  #replaceToken(token: string): string {
    if (new RegExp(`^${UUID}$`).test(token)) return this.#replaceUuid(token);
    if (new RegExp(`^${IPV4}$`).test(token)) return this.#replaceAddress(token, '192.0.2.');
    const mask = this.#draw(token);
    const letters = HEX.test(token) ? 'abcdef' : 'abcdefghijklmnopqrstuvwxyz';
    return Array.from(token, (character, index) => shift(character, mask(index), letters)).join('');
  }

  /** A random UUID (RFC 9562 version 4), in the case of the original. */
  #replaceUuid(token: string): string {
    const digest = this.#digest(token.toLowerCase(), 0).toString('hex');
    const parts = [digest.slice(0, 8), digest.slice(8, 12), `4${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`];
    const uuid = [...parts, digest.slice(20, 32)].join('-');
    return token === token.toUpperCase() ? uuid.toUpperCase() : uuid;
  }

  /** Of the ranges that no machine has (RFC 5737, RFC 3849), counted in the order in which they were met. */
  #replaceAddress(address: string, range: string): string {
    const known = this.#addresses.get(address);
    if (known !== undefined) return known;
    const made = `${range}${(this.#addresses.size % 254) + 1}`;
    this.#addresses.set(address, made);
    return made;
  }

  /** Octets that belong to a token, whatever its case. */
  #draw(token: string): (index: number) => number {
    const folded = token.toLowerCase();
    const blocks: Buffer[] = [];
    return (index) => {
      const block = Math.floor(index / 32);
      return (blocks[block] ??= this.#digest(folded, block))[index % 32] ?? 0;
    };
  }

  #digest(text: string, block: number): Buffer {
    return createHmac('sha256', this.#key).update(`${block} ${text}`).digest();
  }
}

const DIGITS = '0123456789';

/** Another character of the same kind: never the same one. */
function shift(character: string, amount: number, letters: string): string {
  if (/[0-9]/.test(character)) return shiftIn(DIGITS, character, amount);
  const lower = character.toLowerCase();
  const isUpper = character !== lower;
  // Letters and digits of other scripts become Latin ones: no form of ours depends on them.
  if (!letters.includes(lower)) return /\p{N}/u.test(character) ? '0' : isUpper ? 'X' : 'x';
  const other = shiftIn(letters, lower, amount);
  return isUpper ? other.toUpperCase() : other;
}

function shiftIn(characters: string, character: string, amount: number): string {
  const step = 1 + (amount % (characters.length - 1));
  return characters.charAt((characters.indexOf(character) + step) % characters.length);
}
