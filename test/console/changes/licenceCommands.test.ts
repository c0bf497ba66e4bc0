import { expect, test } from 'vitest';
import { licenceCommand, toMergePatch } from '../../../src/console/changes/licenceCommand.ts';
import { planLicenceChange } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceAsk } from '../../../src/console/changes/licenceChange.ts';
import type { LicenceJson } from '../../../src/contract/operators/licence.ts';
import type { LicenceDetailJson } from '../../../src/contract/operators/records.ts';
import { runIn } from '../../cli/documentFiles.ts';
import { operate, useStack } from '../../operators/useStack.ts';
import { readBySh } from '../support/readBySh.ts';

const stack = useStack();

const REASON = `It's "agreed" for $0 & more`;

const LICENCE = {
  ...{ id: 'commands', cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000901' },
  ...{ offer: 'contoso/gateway/standard', seats: 5, skus: ['standard-2'], status: 'active' },
  ...{ validFrom: '2026-01-01T00:00:00Z', validUntil: '2099-01-01T00:00:00Z' },
  vmIds: ['11111111-0000-4000-8000-000000000901'],
};

const ASKS: readonly LicenceAsk[] = [
  { kind: 'seats', seats: 9 },
  { kind: 'seats', seats: 2 },
  { kind: 'seats', seats: 'unlimited' },
  { kind: 'end', validUntil: '2098-01-01T00:00:00Z' },
  { kind: 'end', validUntil: '2100-01-01T00:00:00Z' },
  { kind: 'end', validUntil: null },
  { kind: 'start', validFrom: '2097-01-01T00:00:00Z' },
  { kind: 'start', validFrom: null },
  { kind: 'suspend' },
  { kind: 'resume' },
  { kind: 'revoke' },
  { kind: 'delete' },
  { kind: 'addSku', sku: '' },
  { kind: 'addSku', sku: 'other, or "not"' },
  { kind: 'addVm', vmId: '11111111-0000-4000-8000-000000000902' },
  { kind: 'addSubscription', cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000902' },
];

async function read(): Promise<LicenceDetailJson | null> {
  const { status, body } = await operate(stack(), 'GET /licences/commands');
  return status === 404 ? null : (body as unknown as LicenceDetailJson);
}

/** As it is at first, whatever came of it before. */
async function restore(change: Partial<LicenceJson>): Promise<LicenceDetailJson> {
  const before = await read();
  const headers = before === null ? {} : { 'If-Match': before.etag };
  const put = await operate(stack(), 'PUT /licences/commands', { body: { ...LICENCE, ...change }, headers });
  expect(put.status).toBeLessThan(300);
  const item = await read();
  if (item === null) throw new Error('The licence is there.');
  return item;
}

test.each(ASKS)('the command of %j does the same as the request of the console', async (ask) => {
  const first = ask.kind === 'resume' ? ({ status: 'suspended' } as const) : {};
  const item = await restore(first);
  const change = planLicenceChange(item.licence, ask);
  const headers = { 'If-Match': item.etag };
  const answer =
    change.patch === null
      ? await operate(stack(), 'DELETE /licences/commands', { headers })
      : await operate(stack(), 'PATCH /licences/commands', { headers, body: toMergePatch(change.patch) });
  expect([answer.status, answer.body['detail']]).toEqual([200, undefined]);
  const wanted = await read();
  expect(wanted?.licence).not.toEqual(item.licence);

  await restore(first);
  const line = licenceCommand(item.licence, change, REASON);
  const { serviceUrl, operatorTokens } = stack();
  const env = { COUNTERSIGN_URL: serviceUrl, COUNTERSIGN_TOKEN: operatorTokens.Operator };
  const [command] = readBySh([line]);
  const { words, stdin } = command ?? { words: [], stdin: '' };
  expect(await runIn(import.meta.dirname, words, { env, stdin })).toMatchObject({ code: 0 });
  expect((await read())?.licence).toEqual(wanted?.licence);
  const changes = await operate(stack(), 'GET /changes');
  expect((changes.body['items'] as { reason: string }[])[0]?.reason).toBe(REASON);
});
