import * as z from 'zod';
import type { PinManifest, PublishedPin } from '../../src/trust/pin.ts';

/** A manifest of pins breaks its own rules: a fault of the repository, told with every problem at once. */
export class PinManifestError extends Error {
  override readonly name = 'PinManifestError';
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex');
const instant = z.iso.datetime({ precision: 0 }).transform((text) => Date.parse(text));
const domain = z.string().regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/, 'not a lower-case domain');
const text = z.string().min(1).max(200);

const publishedPin = z.strictObject({
  name: text,
  role: z.enum(['root', 'intermediate']),
  issuer: text,
  sha256,
  spkiSha256: sha256,
  notBefore: instant,
  notAfter: instant,
  key: z.string().regex(/^RSA (?:2048|3072|4096)$/, 'documents are signed under RSA alone'),
  subjectKeyIdentifier: z.string().regex(/^(?:[0-9a-f]{2}){1,64}$/, 'not lower-case hex'),
  confidence: z.enum(['A', 'A-stmt', 'B']),
  historic: z.boolean(),
  added: z.iso.date(),
  publishedAt: z.array(z.url({ protocol: /^http$/ })).max(4),
  note: text.exactOptional(),
});

const manifest = z
  .strictObject({ cloud: z.string().regex(/^[A-Za-z0-9]{1,64}$/), domain, pins: z.array(publishedPin).min(1) })
  .superRefine(({ pins }, context) => {
    for (const message of findContradictions(pins)) context.addIssue({ code: 'custom', message });
  });

/**
 * @param value the JSON of a manifest
 * @throws {PinManifestError}
 */
export function parsePinManifest(value: unknown): PinManifest<PublishedPin> {
  const parsed = manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PinManifestError(`a manifest of pins is wrong:\n${z.prettifyError(parsed.error)}`);
}

/** What no single pin shows: a digest twice, two keys under one name, a root that somebody else issued. */
function* findContradictions(pins: readonly PublishedPin[]): Generator<string> {
  const digests = new Set<string>();
  const keys = new Map<string, string>();
  for (const pin of pins) {
    const { name, role, issuer, spkiSha256, notBefore, notAfter, publishedAt, note } = pin;
    if (digests.has(pin.sha256)) yield `${name}: the SHA-256 ${pin.sha256} is there twice`;
    digests.add(pin.sha256);
    if ((keys.get(name) ?? spkiSha256) !== spkiSha256) yield `${name}: two keys under one name`;
    keys.set(name, spkiSha256);
    if ((role === 'root') !== (issuer === name)) yield `${name}: a root is its own issuer, an intermediate is not`;
    if (notAfter <= notBefore) yield `${name}: notAfter is not after notBefore`;
    if (publishedAt.length === 0 && note === undefined) yield `${name}: published nowhere, and no note says why`;
  }
}
