import { findEncoding } from '../contract/decodeText.ts';
import { CommandError } from './command.ts';

/** A line of input: its octets without the line feed, or null where it was longer than what is read. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly octets: Uint8Array | null;
}

const LINE_FEED = 0x0a;

/**
 * The same text as UTF-8, as it comes: Windows PowerShell 5 writes UTF-16. UTF-8 passes as it is.
 *
 * @throws {CommandError} `file_unreadable`
 */
export async function* toUtf8(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Uint8Array = Buffer.alloc(0);
  let convert: ((octets: Uint8Array) => Uint8Array) | null = null;
  for await (const chunk of source) {
    if (convert !== null) {
      yield convert(chunk);
      continue;
    }
    first = Buffer.concat([first, chunk]);
    // The first two octets tell the encoding.
    if (first.length < 2) continue;
    convert = createConverter(first);
    yield convert(first);
  }
  if (convert === null) yield first;
}

function createConverter(first: Uint8Array): (octets: Uint8Array) => Uint8Array {
  const encoding = findEncoding(first);
  if (encoding === 'utf-8') return (octets) => octets;
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (octets) => {
    try {
      return Buffer.from(decoder.decode(octets, { stream: true }));
    } catch {
      throw new CommandError('file_unreadable', 'standard input is neither UTF-8 nor UTF-16. Save it as UTF-8');
    }
  };
}

/**
 * Splits a stream into lines as they come. Of a line that is too long nothing is kept, so memory stays within one line and
 * one chunk whatever the input.
 *
 * @param limit octets of one line
 */
export async function* readLines(source: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Line> {
  const line = new OpenLine(limit);
  let number = 0;
  for await (const chunk of source) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      line.add(chunk.subarray(start, end));
      yield { number: ++number, octets: line.take() };
      start = end + 1;
    }
    line.add(chunk.subarray(start));
  }
  // The last line may do without its line feed.
  if (line.length > 0) yield { number: ++number, octets: line.take() };
}

class OpenLine {
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(part: Uint8Array): void {
    this.length += part.length;
    if (this.length > this.#limit) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): Uint8Array | null {
    const octets = this.length > this.#limit ? null : Buffer.concat(this.#parts);
    this.#parts = [];
    this.length = 0;
    return octets;
  }
}
