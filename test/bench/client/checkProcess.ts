import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Adapters } from '../../../src/client/adapters.ts';
import type { createLicenceClient, ClientOptions } from '../../../src/client/index.ts';
import { AZURE_TAG } from '../../client/support/vectors.ts';
import { median } from '../rounds.ts';

/**
 * A process that measures what is done for the first time in it, and prints one line of JSON, `Times`:
 *
 * - `node checkProcess.ts check PACKAGE OPTIONS`: checks of the client that is installed there, with these options (JSON)
 * - `node checkProcess.ts signatures INPUT`: the signatures of a check, with node:crypto alone (JSON, `SignatureInput`)
 */

/** Milliseconds. */
export interface Times {
  readonly first: number;
  /** The median of the later ones; absent where there are none. */
  readonly later?: number;
}

export interface SignatureInput {
  readonly privateJwk: Readonly<Record<string, string>>;
  readonly publicJwk: Readonly<Record<string, string>>;
  /** Of `octets`, both base64. */
  readonly signature: string;
  readonly octets: string;
}

/** A program that has run for a while. */
const LATER = 60;
/** Those before are still being compiled. */
const COMPILED = 20;

const [mode = '', ...args] = process.argv.slice(2);
const times = mode === 'check' ? await timeChecks(...args) : timeSignatures(args[0]);
process.stdout.write(`${JSON.stringify(times)}\n`);

async function timeChecks(packageFolder = '', optionsText = ''): Promise<Times> {
  const load = (name: string): Promise<unknown> => import(pathToFileURL(join(packageFolder, 'dist/client', name)).href);
  const { createLicenceClient: create } = (await load('index.js')) as {
    createLicenceClient: typeof createLicenceClient;
  };
  const { REAL_ADAPTERS } = (await load('adapters/real.js')) as { REAL_ADAPTERS: Adapters };
  const { adapters, away } = besides(REAL_ADAPTERS);
  const samples: number[] = [];
  const started = performance.now();
  const client = create({ ...(JSON.parse(optionsText) as ClientOptions), adapters });
  for (let time = 0; time <= LATER; time++) {
    const [begun, before] = [time === 0 ? started : performance.now(), away()];
    const { state, code } = await client.check();
    samples.push(performance.now() - begun - (away() - before));
    if (state !== 'licensed' || code !== undefined) throw new Error(`${state}: ${code}`);
  }
  const [first = NaN] = samples;
  const later = samples.slice(COMPILED);
  return { first, later: median(later) };
}

/**
 * On Azure's hardware, what is spent at IMDS does not count: what is done while it answers takes no time. Each check comes
 * seconds after the last one, so none waits for its turn there.
 */
function besides(real: Adapters): { readonly adapters: Partial<Adapters>; readonly away: () => number } {
  let away = 0;
  let requests = 0;
  const requestImds: Adapters['requestImds'] = async (request) => {
    const begun = performance.now();
    const reply = await real.requestImds(request);
    away += performance.now() - begun;
    requests += 1;
    return reply;
  };
  const uptime = () => real.clocks.uptime() + requests * 2000;
  const chassisTag: Adapters['chassisTag'] = async () => {
    await real.chassisTag();
    return { readable: true, tag: AZURE_TAG };
  };
  return { adapters: { requestImds, chassisTag, clocks: { ...real.clocks, uptime } }, away: () => away };
}

/** The key set, the licence and the key's own signature: three are verified, one is made, and the keys are read for it. */
function timeSignatures(text = ''): Times {
  const { privateJwk, publicJwk, signature, octets } = JSON.parse(text) as SignatureInput;
  const [signed, payload] = [Buffer.from(signature, 'base64'), Buffer.from(octets, 'base64')];
  const started = performance.now();
  for (let key = 0; key < 3; key++) {
    hash('sha256', JSON.stringify(publicJwk), 'base64url');
    const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
    verify('sha256', payload, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signed);
  }
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' });
  sign('sha256', payload, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { first: performance.now() - started };
}
