import * as z from 'zod';

/** A name that the caller of a case expects its peer to have. */
export interface PeerName {
  /** `DNS`, `IP` or `RFC822`; no certificate has a name of another kind. */
  readonly kind: string;
  readonly value: string;
}

/** What a case of a suite in x509-limbo's shape asks of a path validator; all that is not listed is ignored. */
export interface LimboCase {
  readonly id: string;
  /** PEM texts */
  readonly trustedCerts: readonly string[];
  readonly untrustedIntermediates: readonly string[];
  readonly peerCertificate: string;
  /** Milliseconds since the epoch; null: now. */
  readonly validationTime: number | null;
  /** Object identifiers, all of which are asked for. */
  readonly purposes: readonly string[];
  /** All of them have to be in the certificate. */
  readonly peerNames: readonly PeerName[];
  readonly maximumChainDepth: number | null;
  /** The suite's own word. */
  readonly expected: string;
}

/** The file is not a suite in x509-limbo's shape; the message says where. */
export class SuiteError extends Error {
  override readonly name = 'SuiteError';
}

/** RFC 5280 section 4.2.1.12, by the names that the suites use. */
const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['anyExtendedKeyUsage', '2.5.29.37.0'],
  ['serverAuth', '1.3.6.1.5.5.7.3.1'],
  ['clientAuth', '1.3.6.1.5.5.7.3.2'],
  ['codeSigning', '1.3.6.1.5.5.7.3.3'],
  ['emailProtection', '1.3.6.1.5.5.7.3.4'],
  ['timeStamping', '1.3.6.1.5.5.7.3.8'],
  ['OCSPSigning', '1.3.6.1.5.5.7.3.9'],
]);

/** A word that is not known stays as it is: no certificate has it, so it is never met. */
const purpose = z.string().transform((word) => PURPOSES.get(word) ?? word);

const peerName = z.object({ kind: z.string(), value: z.string() });

const limboCase = z
  .object({
    id: z.string().min(1),
    trusted_certs: z.array(z.string()),
    untrusted_intermediates: z.array(z.string()),
    peer_certificate: z.string(),
    validation_time: z.iso.datetime({ offset: true }).nullish(),
    extended_key_usage: z.array(purpose).nullish(),
    expected_result: z.string(),
    expected_peer_name: peerName.nullish(),
    expected_peer_names: z.array(peerName).nullish(),
    max_chain_depth: z.int().min(0).nullish(),
  })
  .transform((item): LimboCase => {
    const { expected_peer_name: peer, expected_peer_names: peers, validation_time: time } = item;
    return {
      id: item.id,
      trustedCerts: item.trusted_certs,
      untrustedIntermediates: item.untrusted_intermediates,
      peerCertificate: item.peer_certificate,
      validationTime: typeof time === 'string' ? Date.parse(time) : null,
      purposes: item.extended_key_usage ?? [],
      peerNames: [peer ?? [], peers ?? []].flat(),
      maximumChainDepth: item.max_chain_depth ?? null,
      expected: item.expected_result,
    };
  });

const suite = z.object({ testcases: z.array(limboCase) });

/** How many problems of a file are worth telling. */
const PROBLEMS_TOLD = 5;

/**
 * Reads a suite. Keys, feature words and kinds of validation that are not known are ignored.
 *
 * @throws {SuiteError}
 */
export function parseLimboSuite(text: string): readonly LimboCase[] {
  const parsed = suite.safeParse(parseJson(text));
  if (parsed.success) return parsed.data.testcases;
  const problems = parsed.error.issues
    .slice(0, PROBLEMS_TOLD)
    .map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new SuiteError(`it is not a suite in the shape of x509-limbo:\n${problems.join('\n')}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SuiteError('it is not JSON');
  }
}
