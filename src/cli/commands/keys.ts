import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PublicJwk } from '../../contract/wire.ts';
import { publishKey } from '../../tokens/keySet.ts';
import { createActionCommand, defineAction, positionalsOf } from '../actions.ts';
import { YES_HELP } from '../confirm.ts';
import { OPERATOR_SETTINGS_HELP } from '../operatorClient.ts';
import { printable, rows } from '../printable.ts';
import { formatTable } from '../table.ts';
import { readSmallFile } from './keySetFiles.ts';
import { createRoot, formatTrust, signSet } from './rootKeys.ts';

const help = `countersign keys status|create-root|sign-set|upload

status       the root keys in force with the end of their key sets, the line for your images, and where the signing keys
             and the challenge secrets of a service stand in their rotation. It never shows a private key or a secret.
create-root  makes a root key. Offline: it uses no network, so run it on a machine that has none.
sign-set     signs a key set with a root key. Offline, too. It shows what is signed, and asks.
upload FILE  sends a signed key set to a service whose root key is offline (ROOT_THUMBPRINTS). Needs the role Admin.

Options:
  --out FILE       status: writes the public signing keys there, those that are not published yet too, as a JWK set for
                   sign-set. create-root: the file for the private key, which is never overwritten. sign-set: the file
                   for the signed set
  --root FILE      sign-set: the root key, a PKCS#8 PEM or private JWK
  --keys FILE      sign-set: the keys to sign, as status --out writes them
  --issuer URL     sign-set: the ISSUER of the service
  --previous FILE  sign-set: the set before this one; what has changed since is shown
  --days N         sign-set: how long the set lasts, at most 92 days (default: 30)
  --life SECONDS   sign-set: the LICENCE_LIFE_SECONDS of the service (default: 2592000)
${YES_HELP}  --service URL    status, upload: the service
  --json           print one JSON value and nothing else

${OPERATOR_SETTINGS_HELP}
Examples:
  countersign keys create-root --out root.pem
  countersign keys status --out keys.json
  countersign keys sign-set --root root.pem --keys keys.json --issuer https://licences.contoso.com --out set.jwt
  countersign keys upload set.jwt
`;

interface SignedSet {
  readonly issuedAt: string;
  readonly expiresAt: string;
  readonly life: number;
  readonly keys: readonly string[];
}

interface SigningKey {
  readonly kid: string;
  readonly state: string;
  readonly from: string | null;
  readonly until: string | null;
  readonly published: boolean;
  readonly publicKey: PublicJwk;
}

/** As the service answers it. */
interface KeyReport {
  readonly signing: readonly SigningKey[];
  readonly rootKeys: readonly {
    readonly thumbprint: string | null;
    readonly source: string;
    readonly set: SignedSet | null;
  }[];
  readonly licenceLife: number;
  readonly troubles: readonly string[];
  readonly challengeSecrets: readonly { readonly kid: string; readonly use: string }[];
}

interface Upload extends SignedSet {
  readonly root: string;
}

export const keys = createActionCommand('keys', {
  summary: 'root keys and key sets: make, sign, upload; and where signing keys and challenge secrets stand',
  help,
  actions: {
    status: defineAction({ out: { type: 'string' } }, async ({ client, positionals, values, show, tell, io }) => {
      positionalsOf(positionals);
      const report = (await client({ path: '/keys' })).body as KeyReport;
      show(report, () => formatKeys(report));
      for (const trouble of report.troubles) io.complain(`${printable(trouble)}\n`);
      if (values.out === undefined) return;
      await writeFile(resolve(io.directory, values.out), writeKeys(report));
      tell(describeKeys(report, values.out));
    }),
    'create-root': createRoot,
    'sign-set': signSet,
    upload: defineAction({}, async ({ client, positionals, show, io }) => {
      const [file] = positionalsOf(positionals, 'one FILE with a signed key set');
      const text = await readSmallFile(file, io);
      const body = { text, mediaType: 'application/jwk-set+jwt' };
      const upload = (await client({ method: 'PUT', path: '/keys/sets', body })).body as Upload;
      show(upload, () => formatUpload(upload));
      const { troubles } = (await client({ path: '/keys' })).body as KeyReport;
      for (const trouble of troubles) io.complain(`${printable(trouble)}\n`);
    }),
  },
});

function formatKeys({ signing, rootKeys, licenceLife, challengeSecrets }: KeyReport): string {
  const signingKeys = formatTable(signing, [
    ['SIGNING KEY', ({ kid }) => kid],
    ['STATE', ({ state }) => state],
    ['PUBLISHED', ({ published }) => (published ? 'yes' : 'no')],
    ['FROM', ({ from }) => from],
    ['UNTIL', ({ until }) => until],
  ]);
  const secrets = formatTable(challengeSecrets, [
    ['CHALLENGE SECRET', ({ kid }) => kid],
    ['USE', ({ use }) => use],
  ]);
  const life = `Licences last at most ${licenceLife} seconds, grace included (LICENCE_LIFE_SECONDS).\n`;
  return `${signingKeys}\n${formatRoots(rootKeys)}${life}\n${secrets}`;
}

function formatRoots(rootKeys: KeyReport['rootKeys']): string {
  if (rootKeys.length === 0) return 'There is no root key: clients trust the key set on first use.\n';
  const table = formatTable(rootKeys, [
    ['ROOT KEY', ({ thumbprint }) => thumbprint],
    ['SOURCE', ({ source }) => source],
    ['SET SIGNED', ({ set }) => set?.issuedAt],
    ['SET ENDS', ({ set }) => set?.expiresAt],
    ['LIFE', ({ set }) => set?.life],
    ['KEYS', ({ set }) => set?.keys.length],
  ]);
  const known = rootKeys.map(({ thumbprint }) => thumbprint).filter((thumbprint) => thumbprint !== null);
  return `${table}\nFor your images: ${formatTrust(known)}\n`;
}

/** RFC 7517 section 5. Members are picked here: nothing else of an answer gets into the file. */
function writeKeys({ signing }: KeyReport): string {
  return `${JSON.stringify({ keys: signing.map(({ publicKey }) => publishKey(publicKey)) }, null, 2)}\n`;
}

function describeKeys({ signing }: KeyReport, file: string): string {
  const waiting = signing.filter(({ published }) => !published).length;
  const more = waiting === 0 ? '' : `, ${waiting} of them not published yet`;
  return `Wrote ${printable(file)}: ${signing.length} keys${more}.\n`;
}

function formatUpload({ root, issuedAt, expiresAt, life, keys: kids }: Upload): string {
  return rows({ 'root key': root, signed: issuedAt, ends: expiresAt, life: `${life} seconds`, keys: kids.join(', ') });
}
