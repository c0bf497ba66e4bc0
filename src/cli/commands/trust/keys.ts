import type { KeyReportJson, UploadReportJson } from '../../../contract/operators/keys.ts';
import { publishKey } from '../../../tokens/keySet.ts';
import type { Session } from '../../command.ts';
import { nameOf, writeText } from '../../files.ts';
import { createGroup } from '../../help.ts';
import { rows } from '../../layout.ts';
import { printable } from '../../printable.ts';
import { openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import { formatTable } from '../../table.ts';
import { readSmallFile } from './keySetFiles.ts';
import { createCreateRoot, createSignSet, formatTrust } from './rootKeys.ts';

const EXAMPLES = [
  'countersign keys create-root --out root.pem',
  'countersign keys status --out keys.json',
  'countersign keys sign-set --root root.pem --keys keys.json --issuer https://licences.contoso.com --out set.jwt',
  'countersign keys upload set.jwt',
] as const;

export function createKeys(session: Session) {
  return createGroup('keys', 'Root keys and key sets: create, sign, upload, and show. No private key is ever shown.')
    .addCommand(createStatus(session))
    .addCommand(createCreateRoot(session))
    .addCommand(createSignSet(session))
    .addCommand(createUpload(session))
    .addHelpText('after', serviceHelp(...EXAMPLES));
}

function createStatus(session: Session) {
  return serviceCommand(
    'status',
    'Shows the root keys with the end of their key sets, the line for your images, and the state of the signing keys and challenge secrets in their rotation.',
  )
    .option(
      '--out <file>',
      'write the public signing keys as a JWK set for sign-set, including those not published yet',
    )
    .addHelpText('after', serviceHelp('countersign keys status', 'countersign keys status --out keys.json'))
    .action(async (options) => {
      const { client, show, tell } = openService(session, options);
      const report = await client({ path: '/keys', answer: 'KeyReport' });
      show(report, () => formatKeys(report, session));
      complainOf(report, session);
      if (options.out === undefined) return;
      await writeText(session, options.out, writeKeys(report));
      tell(describeKeys(report, options.out));
    });
}

function createUpload(session: Session) {
  return serviceCommand(
    'upload',
    'Sends a signed key set to a service whose root key is offline (ROOT_THUMBPRINTS). Needs the role Admin.',
  )
    .argument('<file>', 'the signed key set, as sign-set writes it')
    .addHelpText('after', serviceHelp('countersign keys upload set.jwt'))
    .action(async (file, options) => {
      const { client, show } = openService(session, options);
      const body = { text: await readSmallFile(file, session), mediaType: 'application/jwk-set+jwt' };
      const upload = await client({ method: 'PUT', path: '/keys/sets', body, answer: 'UploadedKeySet' });
      show(upload, () => formatUpload(upload, session));
      complainOf(await client({ path: '/keys', answer: 'KeyReport' }), session);
    });
}

function complainOf({ troubles }: KeyReportJson, session: Session): void {
  for (const trouble of troubles) session.complain(`${printable(trouble)}\n`);
}

function formatKeys(
  { signing, rootKeys, licenceLife, challengeSecrets }: KeyReportJson,
  { terminal }: Session,
): string {
  const signingKeys = formatTable(
    signing,
    [
      ['SIGNING KEY', ({ kid }) => kid],
      ['STATE', ({ state }) => state],
      ['PUBLISHED', ({ published }) => (published ? 'yes' : 'no')],
      ['FROM', ({ from }) => from],
      ['UNTIL', ({ until }) => until],
    ],
    terminal,
  );
  const secrets = formatTable(
    challengeSecrets,
    [
      ['CHALLENGE SECRET', ({ kid }) => kid],
      ['USE', ({ use }) => use],
    ],
    terminal,
  );
  const life = `Licences last at most ${licenceLife} seconds, grace included (LICENCE_LIFE_SECONDS).\n`;
  return `${signingKeys}\n${formatRoots(rootKeys, terminal)}${life}\n${secrets}`;
}

function formatRoots(rootKeys: KeyReportJson['rootKeys'], terminal: Session['terminal']): string {
  if (rootKeys.length === 0) return 'There is no root key: clients trust the key set on first use.\n';
  const table = formatTable(
    rootKeys,
    [
      ['ROOT KEY', ({ thumbprint }) => thumbprint],
      ['SOURCE', ({ source }) => source],
      ['SET SIGNED', ({ set }) => set?.issuedAt],
      ['SET ENDS', ({ set }) => set?.expiresAt],
      ['LIFE', ({ set }) => set?.life],
      ['KEYS', ({ set }) => set?.keys.length],
    ],
    terminal,
  );
  const known = rootKeys.map(({ thumbprint }) => thumbprint).filter((thumbprint) => thumbprint !== null);
  return `${table}\nFor your images: ${formatTrust(known)}\n`;
}

/** RFC 7517 section 5. Only known members are copied into the file. */
function writeKeys({ signing }: KeyReportJson): string {
  return `${JSON.stringify({ keys: signing.map(({ publicKey }) => publishKey(publicKey)) }, null, 2)}\n`;
}

function describeKeys({ signing }: KeyReportJson, file: string): string {
  const waiting = signing.filter(({ published }) => !published).length;
  const more = waiting === 0 ? '' : `, ${waiting} of them not published yet`;
  return `Wrote ${nameOf(file)}: ${signing.length} keys${more}.\n`;
}

function formatUpload(
  { root, issuedAt, expiresAt, life, keys: kids }: UploadReportJson,
  { terminal }: Session,
): string {
  const facts = { 'root key': root, signed: issuedAt, ends: expiresAt, life: `${life} seconds`, keys: kids.join(', ') };
  return rows(facts, terminal);
}
