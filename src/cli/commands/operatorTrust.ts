import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readCertificateOctets, writePem } from '../../trust/pem.ts';
import { defineAction, positionalsOf } from '../actions.ts';
import type { Action } from '../actions.ts';
import { UsageError } from '../command.ts';
import { rows } from '../printable.ts';
import { cell, formatTable } from '../table.ts';

/*
 * What administrators pin and distrust while a service runs. It goes through the service, and holds on every instance
 * within a minute.
 */

export const OPERATOR_TRUST_HELP = `add FILE         pins the CA of a certificate (PEM or DER) for the running service's --cloud. One that nothing trusted leads
                 to is refused, unless --new-anchor says that you compared its SHA-256 with what its CA publishes.
remove SHA256    takes back a pin that an operator added; those of the package can be distrusted
distrust SHA256  refuses everything under a leaf, a CA or a key, beating every pin; --undo takes that back
issuers          issuers of signers' certificates that no pin knows, as strangers may have written them
`;

export const OPERATOR_TRUST_OPTIONS_HELP = `  --new-anchor     add: you vouch for it
  --note TEXT      add, distrust: for operators
  --undo           distrust: take it back
  --service URL    status, add, remove, distrust, issuers: the service
`;

/** As the service answers it. */
interface SeenIssuer {
  readonly name: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
}

const DIGEST = 'a SHA-256 in hexadecimal';

export const OPERATOR_TRUST: Readonly<Record<string, Action>> = {
  add: defineAction(
    { cloud: { type: 'string' }, 'new-anchor': { type: 'boolean' }, note: { type: 'string' } },
    async ({ client, positionals, values, show, io }) => {
      const [file] = positionalsOf(positionals, 'one FILE with a certificate');
      const { cloud, note = '', 'new-anchor': newAnchor = false } = values;
      if (cloud === undefined) throw new UsageError('say for which cloud: --cloud NAME');
      const certificate = await readCertificate(resolve(io.directory, file));
      const text = JSON.stringify({ cloud, certificate, newAnchor, note });
      const { body } = await client({
        method: 'POST',
        path: '/trust/pins',
        body: { text, mediaType: 'application/json' },
      });
      show(body, () => formatFacts(body));
    },
  ),
  remove: defineAction({ cloud: { type: 'string' } }, async ({ client, positionals, values, show }) => {
    const [sha256] = positionalsOf(positionals, DIGEST);
    const { cloud } = values;
    if (cloud === undefined) throw new UsageError('say of which cloud: --cloud NAME');
    const path = `/trust/pins/${encodeURIComponent(cloud)}/${encodeURIComponent(sha256)}`;
    const { body } = await client({ method: 'DELETE', path });
    show(body, () => 'taken back\n');
  }),
  distrust: defineAction(
    { note: { type: 'string' }, undo: { type: 'boolean' } },
    async ({ client, positionals, values, show }) => {
      const [sha256] = positionalsOf(positionals, DIGEST);
      if (values.undo === true) {
        const { body } = await client({ method: 'DELETE', path: `/trust/distrusts/${encodeURIComponent(sha256)}` });
        show(body, () => 'taken back\n');
        return;
      }
      const text = JSON.stringify({ sha256, note: values.note ?? '' });
      const { body } = await client({
        method: 'POST',
        path: '/trust/distrusts',
        body: { text, mediaType: 'application/json' },
      });
      show(body, () => formatFacts(body));
    },
  ),
  issuers: defineAction({}, async ({ client, positionals, show }) => {
    positionalsOf(positionals);
    const { items } = (await client({ path: '/trust/issuers' })).body as { readonly items: readonly SeenIssuer[] };
    show(items, () =>
      formatTable(items, [
        ['ISSUER', ({ name }) => name],
        ['MINUTES SEEN', ({ count }) => count],
        ['FIRST SEEN', ({ firstSeen }) => firstSeen],
        ['LAST SEEN', ({ lastSeen }) => lastSeen],
      ]),
    );
  }),
};

async function readCertificate(path: string): Promise<string> {
  const [der, ...others] = readCertificateOctets(await readFile(path));
  if (der === undefined || others.length > 0) throw new UsageError('the file must hold one certificate, PEM or DER');
  return writePem(der);
}

function formatFacts(body: unknown): string {
  const facts = Object.entries(body as object).filter(([name]) => name !== 'certificate' && name !== 'etag');
  return rows(Object.fromEntries(facts.map(([name, value]) => [name, cell(value)])));
}
