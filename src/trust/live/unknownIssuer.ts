import { createHash } from 'node:crypto';

/** Rows in all. */
export const MAX_ISSUERS = 64;
const MAX_NAME = 128;

/** The issuer of a certificate that no pin knows, as a stranger may have written it. Times: milliseconds since the epoch. */
export interface UnknownIssuer {
  /** At most 128 printable ASCII characters. */
  readonly name: string;
  /** The cloud that the certificate's names speak of, if any. */
  readonly cloud: string | null;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** How many times it was written down, which is at most once a minute an instance. */
  readonly count: number;
}

/** What is kept of a name: what is not printable ASCII becomes `?`. */
export function printableName(name: string): string {
  return name.slice(0, MAX_NAME).replace(/[^ -~]/g, '?');
}

/**
 * The one of 64 places where a name is kept. So no flood of names makes more rows, and none shuts out the next one: it
 * can only take its place until that is seen again.
 */
export function issuerPlace(name: string): number {
  return createHash('sha256').update(printableName(name)).digest().readUInt8(0) % MAX_ISSUERS;
}

/** Issuers of certificates that no pin knows. At most 64 rows: a name has one place, and the last one there stays. */
export interface IssuerStore {
  /** The caller makes sure that an instance writes at most once a minute. @throws {StoreUnavailableError} */
  noteIssuer(seen: { readonly name: string; readonly cloud: string | null; readonly at: number }): Promise<void>;
  listIssuers(): Promise<readonly UnknownIssuer[]>;
}
