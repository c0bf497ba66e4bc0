import { chmodSync, chownSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../../src/client/agent/settings/configuration.ts';
import type { Configuration } from '../../../src/client/agent/settings/configuration.ts';
import { MEMBERS, variableOf } from '../../../src/client/agent/settings/members.ts';
import { settingsOf } from '../../../src/client/agent/settings/settings.ts';
import { ClientError } from '../../../src/client/clientError.ts';
import { createFolder } from '../support/scene.ts';

const ISSUER = 'https://licences.contoso.com';
const SOUND = { issuer: ISSUER, product: 'contoso/widget', trust: 'first-use' };
const isRoot = process.geteuid?.() === 0;

interface Given {
  /** The text of agent.json; none where it is absent. */
  readonly file?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Is told where the file is. */
  readonly change?: (path: string) => void;
}

/** A machine with this file and this environment. Tests that run as somebody else than root stand in for root. */
async function read({ file, env = {}, change }: Given): Promise<Configuration & { path: string }> {
  const path = join(await createFolder(), 'agent.json');
  const paths = { configuration: path, state: '/state', run: '/run/countersign' };
  if (file !== undefined) writeFileSync(path, file, { mode: 0o644 });
  change?.(path);
  if (isRoot) return { path, ...(await readConfiguration({ env, paths, uid: 0 })) };
  const aside = { configuration: `${path}.absent`, state: '/state', run: '/run/countersign' };
  const asOther = { env: file === undefined ? env : { ...env, COUNTERSIGN_CONFIG: path }, paths: aside };
  return { path, ...(await readConfiguration({ ...asOther, uid: process.geteuid?.() })) };
}

/** What the library says of it: null where nothing is wrong. */
function faultOf(configuration: Configuration): string | null {
  const settings = settingsOf(configuration, { folder: '/state' }, {});
  const error = settings instanceof ClientError ? settings : settings.fault;
  if (error !== undefined) expect(error.code).toBe('options_invalid');
  return error?.message ?? null;
}

test('a file has all options, and the agent its own', async () => {
  const members = { ...SOUND, folder: '/elsewhere', offer: 'a/b/c', patienceMs: 5000, once: true };
  const own = { group: 'adm', log: 'json', releaseOnTerminate: true };
  const configuration = await read({ file: JSON.stringify({ ...members, ...own }) });
  expect(configuration).toMatchObject({ options: members, group: 'adm', log: 'json', faults: [], remarks: [] });
  expect(faultOf(configuration)).toBeNull();
});

test('without a file all of it comes from the environment', async () => {
  const env = {
    ...{ COUNTERSIGN_ISSUER: 'http://127.0.0.1:1', COUNTERSIGN_PRODUCT: 'contoso/widget' },
    COUNTERSIGN_TRUST: '{"rootKeys":["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}',
    COUNTERSIGN_IMDS_URL: 'http://127.0.0.1:2',
    ...{ COUNTERSIGN_PATIENCE_MS: '5000', COUNTERSIGN_ONCE: 'true', COUNTERSIGN_LOG: 'json' },
    ...{ COUNTERSIGN_RELEASE_ON_TERMINATE: 'false', COUNTERSIGN_GROUP: '4', COUNTERSIGN_RUN_FOLDER: '/shared/run' },
    ...{ COUNTERSIGN_OFFER: '', COUNTERSIGN_PORT: '7071' },
  };
  const configuration = await read({ env });
  expect(configuration.options).toEqual({
    ...{ issuer: 'http://127.0.0.1:1', product: 'contoso/widget', imdsUrl: 'http://127.0.0.1:2' },
    ...{ trust: { rootKeys: ['A'.repeat(43)] }, patienceMs: 5000, once: true },
  });
  expect(configuration).toMatchObject({ group: '4', log: 'json', runFolder: '/shared/run' });
  expect(faultOf(configuration)).toBeNull();
});

test('whom to believe comes from the file alone; the rest also from the environment, which wins', async () => {
  const env = {
    ...{ COUNTERSIGN_ISSUER: 'https://evil.example', COUNTERSIGN_PRODUCT: 'x/y', COUNTERSIGN_TRUST: 'first-use' },
    ...{ COUNTERSIGN_IMDS_URL: 'http://127.0.0.1:2', COUNTERSIGN_LABEL: 'from the environment' },
  };
  const trust = { rootKeys: ['A'.repeat(43)] };
  const configuration = await read({ file: JSON.stringify({ ...SOUND, trust, label: 'from the file' }), env });
  expect(configuration.options).toEqual({ ...SOUND, trust, label: 'from the environment' });
  expect(configuration.remarks.map((remark) => remark.split(' ', 1)[0])).toEqual([
    ...['COUNTERSIGN_ISSUER', 'COUNTERSIGN_PRODUCT', 'COUNTERSIGN_TRUST', 'COUNTERSIGN_IMDS_URL'],
  ]);
});

test.each([
  [
    'a member that does not exist',
    '{"issuer":1,\n"isuer":2}',
    ', line 2, isuer: there is no such member. Did you mean "issuer"?',
  ],
  [
    'one inside trust',
    '{"trust":{\n\n"rootkeys":[]}}',
    ', line 3, trust.rootkeys: there is no such member. Did you mean "rootKeys"?',
  ],
  ['an option of programs', '{"adapters":{}}', ', line 1, adapters: there is no such member.'],
  ['an inherited name', '{"__proto__":{}}', ', line 1, __proto__: there is no such member.'],
  ['a name with controls', '{"a\\u001bb":1}', ', line 1, a?b: there is no such member.'],
  [
    'a key twice',
    '{"trust":{"rootKeys":[],\n"rootKeys":[]}}',
    ': line 2, trust: the key "rootKeys" appears twice in one object',
  ],
  ['no JSON', '{"issuer":', ': line 1, issuer: not JSON'],
  ['a comma too many', '{"issuer":"x",}', ': line 1: not JSON'],
  ['a list', '[]', ': it is not a JSON object'],
  ['nothing', '', ': line 1: not JSON'],
  ['octets', Buffer.from([0x7b, 0xff, 0x7d]), ': neither UTF-8 nor UTF-16'],
])('a file with %s is an error with its place', async (_, file, place) => {
  const configuration = await read({ file });
  expect(faultOf(configuration)).toContain(`${configuration.path}${place}`);
});

test.each([
  ['marks', '\ufeff', 'utf8'],
  ['UTF-16', '', 'utf16le'],
  ['UTF-16 with marks', '\ufeff', 'utf16le'],
] as const)('a file with %s is read', async (_, mark, encoding) => {
  const configuration = await read({ file: Buffer.from(mark + JSON.stringify(SOUND), encoding) });
  expect(configuration).toMatchObject({ options: SOUND, broken: undefined });
});

test('an unknown member does not end a licence in hand; a file that cannot be believed does', async () => {
  const unknown = await read({ file: JSON.stringify({ ...SOUND, extra: 1, log: 'xml' }) });
  const settings = settingsOf(unknown, { folder: '/state' }, {});
  expect(settings).toMatchObject({ issuer: ISSUER, fault: { code: 'options_invalid' } });
  expect(faultOf(unknown)).toMatch(/extra: there is no such member\.; log: "text" or "json"/);
  const exposed = await read({
    file: JSON.stringify(SOUND),
    change: (path) => {
      chmodSync(path, 0o666);
    },
  });
  expect(settingsOf(exposed, { folder: '/state' }, {})).toBeInstanceOf(ClientError);
});

test.each([
  [0o664, 'others can write it, mode 664; remove their write access (chmod go-w)'],
  [0o646, 'others can write it, mode 646; remove their write access (chmod go-w)'],
])('a file with mode %o is not believed', async (mode, fault) => {
  const configuration = await read({
    file: JSON.stringify(SOUND),
    change: (path) => {
      chmodSync(path, mode);
    },
  });
  expect(faultOf(configuration)).toContain(`${configuration.path}: ${fault}`);
});

test.runIf(isRoot)("somebody else's file is not believed", async () => {
  const change = (path: string) => {
    chownSync(path, 1234, 0);
  };
  const configuration = await read({ file: JSON.stringify(SOUND), change });
  expect(faultOf(configuration)).toContain('user 1234 owns it; make root its owner (chown root)');
});

test('a link and a folder are no file', async () => {
  const link = (path: string) => {
    symlinkSync(`${path}.target`, path);
  };
  writeFileSync(join(await createFolder(), 'target'), JSON.stringify(SOUND));
  expect(
    faultOf(
      await read({
        file: JSON.stringify(SOUND),
        change: (path) => {
          rmSync(path);
          link(path);
        },
      }),
    ),
  ).toContain('it is a symbolic link');
});

test('COUNTERSIGN_CONFIG names another file, where the usual one does not exist', async () => {
  const other = join(await createFolder(), 'other.json');
  const paths = { configuration: '/nowhere/agent.json', state: '/state', run: '/run/countersign' };
  const env = { COUNTERSIGN_CONFIG: other, COUNTERSIGN_PRODUCT: 'x/y' };
  const uid = process.geteuid?.();
  expect(faultOf(await readConfiguration({ env, paths, uid }))).toContain(
    `COUNTERSIGN_CONFIG: there is no file ${other}`,
  );
  writeFileSync(other, JSON.stringify(SOUND));
  expect((await readConfiguration({ env, paths, uid })).options).toEqual(SOUND);
  const there = { ...paths, configuration: other };
  const both = await readConfiguration({ env: { COUNTERSIGN_CONFIG: '/another.json' }, paths: there, uid });
  expect(faultOf(both)).toContain(`COUNTERSIGN_CONFIG: ${other} is there.`);
});

test.each([
  [
    { COUNTERSIGN_TRUST: '{"rootKeys":["a"],"rootKeys":["b"]}' },
    'COUNTERSIGN_TRUST: line 1: the key "rootKeys" appears twice',
  ],
  [{ COUNTERSIGN_PATIENCE_MS: 'long' }, 'patienceMs: milliseconds, not negative'],
  [{ COUNTERSIGN_ONCE: 'yes' }, 'once: true or false'],
  [{ COUNTERSIGN_RELEASE_ON_TERMINATE: '1' }, 'releaseOnTerminate: true or false'],
  [{ COUNTERSIGN_GROUP: 'a b' }, 'group: a name or number of a group'],
  [{ COUNTERSIGN_RUN_FOLDER: 'run' }, 'COUNTERSIGN_RUN_FOLDER: an absolute path'],
])('%j is an error that names the variable', async (env, fault) => {
  expect(faultOf(await read({ env }))).toContain(fault);
});

test('the documentation has every member with its variable', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/agent.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\| `(COUNTERSIGN_\w+)`( ¹)? /gm)].map(([, name, variable, mark]) => ({
    ...{ name, variable, fromFileAlone: mark !== undefined },
  }));
  const members = MEMBERS.map(({ name, fromFileAlone = false }) => ({
    name,
    variable: variableOf(name),
    fromFileAlone,
  }));
  expect(rows).toEqual(expect.arrayContaining(members));
  expect(rows).toHaveLength(members.length);
});
