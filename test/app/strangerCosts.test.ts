import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startVault } from '../support/keyVault.ts';
import { OPERATOR_KINDS, STRANGER_ROWS, sendStranger } from '../support/strangerRequests.ts';
import type { StrangerRow } from '../support/strangerRequests.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';

/** What each request of a stranger costs, against the running service with its store and a key vault. */

const MINUTE = 60_000;
const DAY = 86_400_000;
let ahead = 0;
/** Of the vaults. */
const clock = () => LOADED_AT + ahead;
const createScene = useScenes(() => ahead);

async function createMeasured() {
  ahead = 0;
  const [vault, rootVault] = [await startVault(), await startVault()];
  for (const one of [vault, rootVault]) {
    one.now = clock;
    one.addVersion({ created: clock() - DAY });
  }
  const scene = await createScene({ vault, rootVault, instances: [{ settings: { RATE_LIMIT_PER_SECOND: '20' } }] });
  const signatures = () =>
    [...vault.requests, ...rootVault.requests].filter((request) => request.includes('/sign 200')).length;
  return { scene, signatures };
}

type Measured = Awaited<ReturnType<typeof createMeasured>>;

async function measure({ scene, signatures }: Measured, kind: StrangerRow) {
  const where = { url: scene.urls[0], issuer: scene.urls[0], imdsUrl: scene.imdsUrl };
  const request = await kind.make(where);
  const before = { lines: scene.log().length, signatures: signatures() };
  scene.proxy.requests.length = 0;
  const { status, text } = await sendStranger(scene.urls[0], request);
  const { code } = text.startsWith('{') ? (JSON.parse(text) as { code?: string }) : {};
  const lines = scene.log().slice(before.lines);
  return {
    answer: { status, code },
    log: Buffer.byteLength(lines.map((line) => `${line}\n`).join('')),
    store: [...scene.proxy.requests],
    signatures: signatures() - before.signatures,
  };
}

const nameOf = ({ route, what }: StrangerRow) => `${route}, ${what}`;

test('every request of a stranger costs what the table says, and its repeat no store and no signature', async () => {
  const measured = await createMeasured();
  expect((await measured.scene.boot('licensed')).status).toBe(200);
  // The last one uses up what the address may do.
  const last = STRANGER_ROWS.slice(-1);
  for (const row of [...STRANGER_ROWS.slice(0, -1), ...OPERATOR_KINDS, ...last]) {
    const { status, code, log, store = [], signatures = 0 } = row;
    const name = nameOf(row);
    // Whatever the service keeps for some time is not fresh any more.
    ahead += 2 * MINUTE;
    const first = await measure(measured, row);
    expect(first, name).toMatchObject({ answer: { status, code }, store, signatures });
    const again = await measure(measured, row);
    expect(again, name).toMatchObject({ answer: { status, code }, store: [], signatures: 0 });
    for (const { log: octets } of [first, again]) expect(octets, name).toBeLessThanOrEqual(log);
    if (status >= 400) expect(signatures, name).toBe(0);
  }
});

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/threat-model.md'), 'utf8');

function readCostTable(): readonly (readonly string[])[] {
  const [, section = ''] = PAGE.split('## What a stranger may cost');
  const [table = ''] = section.split('\n## ');
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const cells = row.split('|').slice(1, -1);
    return cells.map((cell) => cell.trim());
  });
}

test('the page on threats has the same table', () => {
  const expected = STRANGER_ROWS.map((row) => {
    const { route, what, status, code, work, memory, log, store = [], signatures = 0 } = row;
    const answer = code === undefined ? `${status}` : `${status} \`${code}\``;
    const calls = store.length === 0 ? 'none' : store.map((call) => `\`${call}\``).join(', ');
    return [`${route}, ${what}`, answer, work, memory, log === 0 ? 'none' : `${log}`, calls, `${signatures}`];
  });
  expect(readCostTable()).toEqual(expected);
});
