import { CLOCK_SKEW } from '../contract/clocks.ts';
import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { AZURE_CLOUDS } from '../contract/clouds.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import type { VerifyOptions } from '../verifier/verifyEvidence.ts';
import { UsageError } from './command.ts';
import type { Io } from './command.ts';
import { readText } from './files.ts';
import { OPTIONS, collectClouds, parseTime } from './options.ts';

/** The arguments of commander's `option()` for whom to trust. */
export const TRUST_OPTIONS = {
  trustDir: ['--trust-dir <dir>', 'look for the pinned certificates in this directory too (PEM or DER files)'],
  trustPem: [
    '--trust-pem <file>',
    'trust only the certificates in this file: self-signed ones are anchors, the others intermediates',
  ],
  domain: ['--domain <name>', "with --trust-pem: the domain that the signer's names end with", parseDomain],
} as const;

/** What `verify` and `explain` take alike. */
export function verifyCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option('--at <time>', 'the verification time, RFC 3339 (default: now)', parseTime)
    .option('--nonce <nonce>', 'the nonce that the document must carry (default: not compared)')
    .option('--cloud <name>', 'accept only this cloud; may be repeated (default: the four of Azure)', collectClouds)
    .option(...TRUST_OPTIONS.trustDir)
    .option(...TRUST_OPTIONS.trustPem)
    .option(...TRUST_OPTIONS.domain)
    .option(...OPTIONS.json);
}

interface VerifyFlags {
  readonly at?: number | undefined;
  readonly nonce?: string | undefined;
  readonly cloud?: readonly string[] | undefined;
  readonly trustDir?: string | undefined;
  readonly trustPem?: string | undefined;
  readonly domain?: string | undefined;
}

/** @throws {UsageError} for flags that exclude each other */
export async function readVerifyOptions(flags: VerifyFlags, io: Io): Promise<VerifyOptions> {
  const [{ provideSecondReader }, { findReadingDifference }] = await Promise.all([
    import('../verifier/secondReader.ts'),
    import('../verifier/secondReading.ts'),
  ]);
  provideSecondReader(findReadingDifference);
  const { trust, clouds } = await readTrust(flags, io);
  const policy: EvidencePolicy = {
    acceptedClouds: clouds,
    requiredClaims: ['vmId', 'timeStamp'],
    maximumAge: null,
    clockSkew: CLOCK_SKEW,
  };
  const { at = io.now(), nonce } = flags;
  return { trust, policy, at, ...(nonce !== undefined && { nonce }) };
}

async function readTrust({ trustPem, trustDir, domain, cloud: clouds }: VerifyFlags, io: Io) {
  if (trustPem === undefined) {
    if (domain !== undefined) throw new UsageError('--domain goes with --trust-pem');
    const { readDefaultTrust } = await import('./defaultTrust.ts');
    return { trust: await readDefaultTrust(io, trustDir), clouds: clouds ?? Object.keys(AZURE_CLOUDS) };
  }
  if (trustDir !== undefined || clouds !== undefined) {
    throw new UsageError('--trust-pem replaces all other trust, so it excludes --trust-dir and --cloud');
  }
  if (domain === undefined) {
    throw new UsageError("--trust-pem needs --domain, the domain that the signer's names end with");
  }
  const { createAdHocTrust } = await import('../trust/adHocTrust.ts');
  const trust = createAdHocTrust(await readText(io, trustPem), domain);
  return { trust, clouds: trust.domains.map(({ name }) => name) };
}

function parseDomain(domain: string): string {
  const lower = domain.toLowerCase();
  if (/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(lower)) return lower;
  throw new InvalidArgumentError('Write a domain name, such as metadata.azure.com.');
}
