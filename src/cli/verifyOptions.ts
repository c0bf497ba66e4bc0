import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AZURE_CLOUDS } from '../contract/clouds.ts';
import { createAdHocTrust } from '../trust/adHocTrust.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import type { VerifyOptions } from '../verifier/verifyEvidence.ts';
import type { Io } from './command.ts';
import { UsageError } from './command.ts';
import { parseOptions, parseTime } from './options.ts';
import { readDefaultTrust } from './defaultTrust.ts';

/** What `verify` and `explain` take alike. */
export interface VerifyArguments {
  readonly files: readonly string[];
  readonly options: VerifyOptions;
  readonly json: boolean;
  readonly batch: boolean;
}

const OPTIONS = {
  at: { type: 'string' },
  nonce: { type: 'string' },
  cloud: { type: 'string', multiple: true },
  'trust-dir': { type: 'string' },
  'trust-pem': { type: 'string' },
  domain: { type: 'string' },
  json: { type: 'boolean' },
  batch: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>['values'];

/** @throws {UsageError} */
export async function parseVerifyArguments(args: readonly string[], io: Io): Promise<VerifyArguments> {
  const { values, positionals } = parseOptions(args, OPTIONS);
  const at = values.at === undefined ? io.now() : parseTime(values.at);
  const { trust, clouds } = await readTrust(values, io);
  const policy: EvidencePolicy = {
    acceptedClouds: clouds,
    requiredClaims: ['vmId', 'timeStamp'],
    maximumAge: null,
    clockSkew: CLOCK_SKEW,
  };
  const options = { trust, policy, at, ...(values.nonce === undefined ? {} : { nonce: values.nonce }) };
  return { files: positionals, options, json: values.json ?? false, batch: values.batch ?? false };
}

/** Milliseconds; the same as the service allows. */
const CLOCK_SKEW = 120_000;

async function readTrust(values: Values, io: Io) {
  const { 'trust-pem': pem, 'trust-dir': directory, domain, cloud: clouds } = values;
  if (pem === undefined) {
    if (domain !== undefined) throw new UsageError('--domain goes with --trust-pem');
    const names = clouds ?? Object.keys(AZURE_CLOUDS);
    for (const name of names) checkCloudName(name);
    return { trust: await readDefaultTrust(io, directory), clouds: names };
  }
  if (directory !== undefined || clouds !== undefined) {
    throw new UsageError('--trust-pem replaces all other trust, so it excludes --trust-dir and --cloud');
  }
  if (domain === undefined)
    throw new UsageError('--trust-pem needs --domain, the domain that the signer’s names end with');
  const trust = createAdHocTrust(readFileSync(resolve(io.directory, pem), 'utf8'), checkDomain(domain));
  return { trust, clouds: trust.domains.map(({ name }) => name) };
}

/** @throws {UsageError} */
export function checkCloudName(name: string): void {
  if (Object.hasOwn(AZURE_CLOUDS, name)) return;
  throw new UsageError(`there is no cloud "${name}"; there are ${Object.keys(AZURE_CLOUDS).join(', ')}`);
}

function checkDomain(domain: string): string {
  const lower = domain.toLowerCase();
  if (/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/.test(lower)) return lower;
  throw new UsageError(`"${domain}" is not a domain name, such as metadata.azure.com`);
}
