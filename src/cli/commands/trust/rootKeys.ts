import { Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { generateKeyPairSync } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MAX_KEY_SET_SECONDS } from '../../../contract/claims.ts';
import { formatInstant } from '../../../contract/instants.ts';
import { BASE_URL_FORM, isBaseUrl } from '../../../contract/baseUrl.ts';
import { thumbprint } from '../../../tokens/publicJwk.ts';
import { createLocalRoot } from '../../../tokens/rootKey.ts';
import { KEY_SET_SECONDS, explainKeySetFault, signKeySet, verifyKeySet } from '../../../tokens/signedKeySet.ts';
import type { KeySetInput } from '../../../tokens/signedKeySet.ts';
import { RefusedError, UsageError } from '../../command.ts';
import type { Io, Session } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { checkOut, writeText } from '../../files.ts';
import { examples } from '../../help.ts';
import { rows } from '../../layout.ts';
import { OPTIONS, needed } from '../../options.ts';
import { jsonLine, printable } from '../../printable.ts';
import { readKeysFile, readPreviousSet, readRootFile } from './keySetFiles.ts';
import { compareKeys, formatReview } from './keySetReview.ts';
import type { Review } from './keySetReview.ts';

/* Root keys that stay offline. Nothing here uses a network. */

const DAY = 86_400;
const MAX_DAYS = MAX_KEY_SET_SECONDS / DAY;
const DEFAULT_DAYS = KEY_SET_SECONDS / DAY;
const DEFAULT_LIFE = 2_592_000;
const MAX_LIFE = 999_999_999;

/** The line for the client's options that an image is built with. */
export function formatTrust(rootKeys: readonly string[]): string {
  return `trust: { rootKeys: [${rootKeys.map((rootKey) => JSON.stringify(rootKey)).join(', ')}] }`;
}

export function createCreateRoot(session: Session) {
  return new Command('create-root')
    .description('Creates a root key. It uses no network: run it on a machine that is offline.')
    .option('--out <file>', 'the file for the private key; an existing file is never overwritten')
    .option(...OPTIONS.json)
    .addHelpText('after', examples('countersign keys create-root --out root.pem'))
    .action(async (options) => {
      const file = needed('--out <file>', options.out);
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const { kid } = createLocalRoot(pem);
      await writePrivateFile(resolve(session.directory, file), file, pem);
      session.out(
        options.json === true ? jsonLine({ rootKey: kid, file }) : formatNewRoot(kid, file, session.terminal),
      );
    });
}

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

function formatNewRoot(kid: string, file: string, terminal: Session['terminal']): string {
  return `${rows({ 'root key': kid, file: `${file} (PKCS#8 PEM, only its owner can read it)` }, terminal)}
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

interface SignOptions {
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
  readonly issuer?: string | undefined;
  readonly out?: string | undefined;
  readonly life: number;
  readonly days: number;
  readonly previous?: string | undefined;
  readonly yes?: true | undefined;
  readonly json?: true | undefined;
}

export function createSignSet(session: Session) {
  return new Command('sign-set')
    .description('Signs a key set with a root key, without a network. It shows what is signed, and asks.')
    .option('--root <file>', 'the root key: a PKCS#8 PEM or a private JWK')
    .option('--keys <file>', 'the keys to sign, as "keys status --out" writes them')
    .option('--issuer <url>', 'the ISSUER of the service')
    .option('--out <file>', 'the file for the signed set')
    .option('--previous <file>', 'the set before this one: what has changed since is shown')
    .option('--days <n>', `how long the set lasts, at most ${MAX_DAYS} days`, parseUpTo(MAX_DAYS), DEFAULT_DAYS)
    .option('--life <seconds>', 'the LICENCE_LIFE_SECONDS of the service', parseUpTo(MAX_LIFE), DEFAULT_LIFE)
    .option(...OPTIONS.yes)
    .option(...OPTIONS.json)
    .addHelpText(
      'after',
      examples(
        'countersign keys sign-set --root root.pem --keys keys.json --issuer https://licences.contoso.com --out set.jwt',
      ),
    )
    .action((options) => sign(session, options));
}

async function sign(session: Session, options: SignOptions): Promise<void> {
  const files = await readFiles(options, session);
  const review = { root: files.root.kid, input: files.input, previous: files.previous };
  checkKeys(review);
  await confirm(session, formatReview(review, session.terminal), options.yes);
  const token = await signKeySet(files.input, await files.root.readSigner());
  checkToken(token, review, session.now());
  await writeText(session, files.out, `${token}\n`);
  session.out(options.json === true ? jsonLine(writeResult(review, files.out)) : formatResult(review, files.out));
}

async function readFiles(values: SignOptions, io: Io) {
  const [rootFile, keysFile] = [needed('--root <file>', values.root), needed('--keys <file>', values.keys)];
  const [issuer, out] = [needed('--issuer <url>', values.issuer), needed('--out <file>', values.out)];
  if (!isBaseUrl(issuer)) throw new UsageError(`--issuer ${BASE_URL_FORM}`);
  const seconds = values.days * DAY;
  await checkOut(io, out, [rootFile, keysFile]);
  const root = await readRootFile(rootFile, io);
  await warnOfMode(rootFile, io);
  const keys = await readKeysFile(keysFile, io);
  const previous = values.previous === undefined ? null : await readPreviousSet(values.previous, issuer, io);
  const iat = Math.floor(io.now() / 1_000);
  if (previous !== null && iat <= previous.claims.iat) {
    const [now, before] = [iat, previous.claims.iat].map((time) => formatInstant(time * 1_000));
    throw new UsageError(`the clock says ${now}, and the previous set was signed at ${before}: set the clock`);
  }
  const input: KeySetInput = { issuer, keys, life: values.life, iat, seconds };
  return { root, input, previous, out };
}

/** @returns a parser of whole numbers from 1 to `most` */
function parseUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
    if (value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
  };
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
function checkToken(token: string, { root, input: { issuer } }: Review, at: number): void {
  const verified = verifyKeySet(token, { rootKeys: [root], issuer, at });
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
