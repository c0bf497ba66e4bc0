/** Rows in all. */
export const MAX_ISSUERS = 64;
/** Of these, rows of names that were noted more than once. So at least sixteen are left for names that are new. */
const MAX_REPEATED = 48;
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
 * Which of these makes room for a name that has no row yet: of the names that were noted once the one seen longest ago, or
 * of those that were noted more often, where they have more than 48 rows. So names that come once never take the place of
 * one that comes again, and however often some names come, a new one keeps its row until sixteen more are new.
 *
 * @param issuers not empty
 */
export function chooseForgotten<T extends Pick<UnknownIssuer, 'count' | 'lastSeen'>>(issuers: readonly T[]): T {
  const repeated = issuers.filter(({ count }) => count > 1);
  const once = issuers.filter(({ count }) => count === 1);
  const candidates = repeated.length > MAX_REPEATED || once.length === 0 ? repeated : once;
  return candidates.reduce((oldest, issuer) => (issuer.lastSeen < oldest.lastSeen ? issuer : oldest));
}

/** Issuers of certificates that no pin knows. At most 64 rows, one a name. */
export interface IssuerStore {
  /**
   * Writes a name to its row. One that has none takes a free row, or that of {@link chooseForgotten}.
   * The caller makes sure that an instance writes at most once a minute.
   *
   * @throws {StoreUnavailableError}
   */
  noteIssuer(seen: { readonly name: string; readonly cloud: string | null; readonly at: number }): Promise<void>;
  listIssuers(): Promise<readonly UnknownIssuer[]>;
}
