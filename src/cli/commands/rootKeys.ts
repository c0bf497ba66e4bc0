import { generateKeyPairSync } from 'node:crypto';
import { open, realpath, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MAX_KEY_SET_SECONDS } from '../../contract/claims.ts';
import { formatInstant } from '../../contract/instants.ts';
import { BASE_URL_FORM, isBaseUrl } from '../../service/baseUrl.ts';
import { thumbprint } from '../../tokens/publicJwk.ts';
import { createLocalRoot } from '../../tokens/rootKey.ts';
import { KEY_SET_SECONDS, explainKeySetFault, signKeySet, verifyKeySet } from '../../tokens/signedKeySet.ts';
import type { KeySetInput } from '../../tokens/signedKeySet.ts';
import { positionalsOf } from '../actions.ts';
import type { Action } from '../actions.ts';
import type { Io } from '../command.ts';
import { RefusedError, UsageError } from '../command.ts';
import { YES_OPTION, confirm } from '../confirm.ts';
import { parseOptions } from '../options.ts';
import { printable, rows } from '../printable.ts';
import { readKeysFile, readPreviousSet, readRootFile } from './keySetFiles.ts';
import { compareKeys, formatReview } from './keySetReview.ts';
import type { Review } from './keySetReview.ts';

/* Root keys that stay offline. Nothing here uses a network. */

const DAY = 86_400;
const MOST_DAYS = MAX_KEY_SET_SECONDS / DAY;
const DEFAULT_DAYS = KEY_SET_SECONDS / DAY;
const DEFAULT_LIFE = 2_592_000;

/** The line for the client's options that an image is built with. */
export function formatTrust(rootKeys: readonly string[]): string {
  return `trust: { rootKeys: [${rootKeys.map((rootKey) => JSON.stringify(rootKey)).join(', ')}] }`;
}

export const createRoot: Action = async (args, io) => {
  const { values, positionals } = parseOptions(args, { out: { type: 'string' }, json: { type: 'boolean' } });
  positionalsOf(positionals);
  const file = need(values.out, '--out FILE');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { kid } = createLocalRoot(pem);
  await writePrivateFile(resolve(io.directory, file), file, pem);
  io.out(values.json === true ? `${JSON.stringify({ rootKey: kid, file })}\n` : formatNewRoot(kid, file));
  return 0;
};

/** Overwrites nothing: a root key that is lost cannot be made again. */
async function writePrivateFile(path: string, name: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${printable(name)} is there already, and is not overwritten: name another file`);
  });
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function formatNewRoot(kid: string, file: string): string {
  return `${rows({ 'root key': kid, file: `${file} (PKCS#8 PEM, readable by its owner alone)` })}
Build this line into every image:
  ${formatTrust([kid])}

Keep the file offline: on two encrypted media, in two places. If it is lost, images that carry this root key alone get no
new key set. Whoever has it can make licences that those images believe.

Then let the service know it by one of these settings:
  ROOT_THUMBPRINTS=${kid}
    the file stays offline; sign each key set with countersign keys sign-set, and upload it
  ROOT_KEY_FILE=FILE, ROOT_KEY or ROOT_KEY_URL
    the service signs key sets itself, with this key or with one that its vault has made
`;
}

const SIGN_OPTIONS = {
  root: { type: 'string' },
  keys: { type: 'string' },
  issuer: { type: 'string' },
  out: { type: 'string' },
  life: { type: 'string' },
  days: { type: 'string' },
  previous: { type: 'string' },
  json: { type: 'boolean' },
  ...YES_OPTION,
} as const;

type SignValues = ReturnType<typeof parseOptions<typeof SIGN_OPTIONS>>['values'];

export const signSet: Action = async (args, io) => {
  const { values, positionals } = parseOptions(args, SIGN_OPTIONS);
  positionalsOf(positionals);
  const files = await readFiles(values, io);
  const review = { root: files.root.kid, input: files.input, previous: files.previous };
  checkKeys(review);
  io.complain(`${formatReview(review)}\n`);
  await confirm(io, 'Sign this key set?', values.yes);
  const token = await signKeySet(files.input, await files.root.readSigner());
  await checkToken(token, review, io.now());
  await writeFile(resolve(io.directory, files.out), `${token}\n`);
  io.out(
    values.json === true ? `${JSON.stringify(writeResult(review, files.out))}\n` : formatResult(review, files.out),
  );
  return 0;
};

async function readFiles(values: SignValues, io: Io) {
  const [rootFile, keysFile] = [need(values.root, '--root FILE'), need(values.keys, '--keys FILE')];
  const [issuer, out] = [need(values.issuer, '--issuer URL'), need(values.out, '--out FILE')];
  if (!isBaseUrl(issuer)) throw new UsageError(`--issuer ${BASE_URL_FORM}`);
  const seconds = parseWhole(values.days ?? `${DEFAULT_DAYS}`, '--days', MOST_DAYS) * DAY;
  const life = parseWhole(values.life ?? `${DEFAULT_LIFE}`, '--life', 999_999_999);
  await checkOut(out, [rootFile, keysFile], io);
  const root = await readRootFile(rootFile, io);
  await warnOfMode(rootFile, io);
  const keys = await readKeysFile(keysFile, io);
  const previous = values.previous === undefined ? null : await readPreviousSet(values.previous, issuer, io);
  const iat = Math.floor(io.now() / 1_000);
  if (previous !== null && iat <= previous.claims.iat) {
    const [now, before] = [iat, previous.claims.iat].map((time) => formatInstant(time * 1_000));
    throw new UsageError(`the clock says ${now}, and the previous set was signed at ${before}: set the clock`);
  }
  const input: KeySetInput = { issuer, keys, life, iat, seconds };
  return { root, input, previous, out };
}

function need(value: string | undefined, option: string): string {
  if (value !== undefined && value !== '') return value;
  throw new UsageError(`this needs ${option}`);
}

function parseWhole(text: string, option: string, most: number): number {
  const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new UsageError(`${option} is a whole number from 1 to ${most}`);
}

/** What is read is not what is written: a root key would be lost. */
async function checkOut(out: string, inputs: readonly string[], { directory }: Io): Promise<void> {
  const placeOf = (name: string) => realpath(resolve(directory, name)).catch(() => null);
  const place = await placeOf(out);
  for (const input of inputs) {
    if (place !== null && place === (await placeOf(input))) {
      throw new UsageError(`--out names the file ${printable(input)}, which is an input: name another file`);
    }
  }
}

/** Windows has no such modes. */
async function warnOfMode(file: string, io: Io): Promise<void> {
  const { mode } = await stat(resolve(io.directory, file));
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    io.complain(`Others can read ${printable(file)}. Run: chmod 600 ${printable(file)}\n`);
  }
}

/** @throws {RefusedError} the key set is one that no client would believe */
function checkKeys({ root, input: { keys } }: Review): void {
  const kids = keys.map(thumbprint);
  if (kids.includes(root)) throw new RefusedError('root_among_keys', explainKeySetFault('root_among_keys'));
  const isUsable = kids.length > 0 && kids.length <= 32 && new Set(kids).size === kids.length;
  if (!isUsable) throw new RefusedError('keys_unusable', explainKeySetFault('keys_unusable'));
}

/** What was signed is read as a client reads it, before it is written. */
async function checkToken(token: string, { root, input: { issuer } }: Review, at: number): Promise<void> {
  const verified = await verifyKeySet(token, { rootKeys: [root], issuer, at });
  if (!verified.ok) throw new Error(`the signed set does not verify (${verified.fault}), and was not written`);
}

function writeResult(review: Review, file: string) {
  const { issuer, iat, seconds, life } = review.input;
  return {
    ...{ rootKey: review.root, issuer },
    ...{ issuedAt: formatInstant(iat * 1_000), expiresAt: formatInstant((iat + seconds) * 1_000), life },
    ...compareKeys(review),
    file,
  };
}

function formatResult({ root, input }: Review, file: string): string {
  const ends = formatInstant((input.iat + input.seconds) * 1_000);
  return `Wrote ${printable(file)}: ${input.keys.length} keys under root key ${root}, until ${ends}.
Send it to the service: countersign keys upload ${printable(file)}
`;
}
