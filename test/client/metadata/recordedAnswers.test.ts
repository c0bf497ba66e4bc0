import { expect, test } from 'vitest';
import type { LicenceClient } from '../../../src/client/index.ts';
import { IMDS_ANSWERS, readAnswers } from '../../support/imdsAnswers.ts';
import type { AnswersName } from '../../support/imdsAnswers.ts';
import { createScene } from '../support/scene.ts';

/** The emulator has to answer with the same: `test/emulator/imdsAnswers.test.ts`. */

/** Fields that are not text, by their names: none means two things. */
const BOOLEANS = [
  ...['hibernationEnabled', 'isHostCompatibilityLayerVm', 'isVmInStandbyPool', 'disablePasswordAuthentication'],
  ...['encryptionAtHost', 'secureBootEnabled', 'virtualTpmEnabled', 'enabled', 'writeAcceleratorEnabled'],
  ...['isSharedDisk', 'isUltraDisk'],
];
const NUMBERS = [
  ...['platformFaultDomain', 'platformSubFaultDomain', 'platformUpdateDomain', 'systemFaultDomain', 'prefix'],
  ...['diskSizeGB', 'lun', 'size', 'bytesPerSecondThrottle', 'diskCapacityBytes', 'opsPerSecondThrottle'],
];

type Json = string | readonly Json[] | { readonly [name: string]: Json };

/** What a field is for programs, by a rule of this test's own. Nothing and objects of nothing are undefined. */
function expected(value: Json, name = ''): unknown {
  if (value === '') return undefined;
  if (typeof value === 'string') {
    if (BOOLEANS.includes(name)) return value === 'true';
    return NUMBERS.includes(name) ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map((item: Json) => expected(item) ?? {});
  const members = Object.entries(value).map(([member, of]) => [member, expected(of, member)] as const);
  const present = members.filter(([, member]) => member !== undefined);
  return present.length === 0 ? undefined : Object.fromEntries(present);
}

interface RecordedInstance {
  readonly compute: Readonly<Record<string, Json>>;
  readonly network: { readonly interface: Json };
}

/** A client on a VM whose IMDS knows one version, and answers as recorded. */
async function createRecorded(name: AnswersName, version: string): Promise<LicenceClient> {
  const scene = await createScene();
  scene.imds.versions = [version];
  scene.imds.bodies.set(
    IMDS_ANSWERS[name].path.replace(/^\/vms\/\w+/, ''),
    JSON.stringify(readAnswers(name).get(version)),
  );
  return scene.client();
}

const INSTANCES = (['instance', 'negasonic'] as const).flatMap((name) =>
  [...readAnswers(name)].map(([version, answer]) => ({ name, version, answer: answer as RecordedInstance })),
);

const TAGS = {
  instance: { foo: 'bar', baz: 'bash' },
  negasonic: { Department: 'IT', Environment: 'Test', Role: 'WebRole' },
};

test.each(INSTANCES)('$name as of $version is read whole, and typed', async ({ name, version, answer }) => {
  const { tags, ...metadata } = await (await createRecorded(name, version)).metadata();
  const { storageProfile = '', ...fields } = answer.compute;
  const compute = Object.fromEntries(Object.entries(fields).filter(([field]) => !field.startsWith('tags')));
  expect(metadata).toStrictEqual({
    apiVersion: version,
    compute: expected(compute),
    network: { interfaces: expected(answer.network.interface) },
    storage: expected(storageProfile) ?? {},
  });
  // A field that this library does not know stays as it came.
  expect(JSON.stringify(metadata)).not.toMatch(/"(?:true|false)"/);
  // By list and by text they are the same.
  expect(Object.fromEntries(tags)).toEqual(version < '2017-08-01' ? {} : TAGS[name]);
});

test.each([...readAnswers('events')])('scheduled events as of %s are read', async (version, answer) => {
  const { Events } = answer as { readonly Events: readonly { readonly EventId: string; readonly EventType: string }[] };
  const { events, ...list } = await (await createRecorded('events', version)).scheduledEvents();
  expect(list).toEqual({ apiVersion: version, incarnation: 1 });
  expect(events.map(({ id, type }) => [id, type])).toEqual(Events.map((event) => [event.EventId, event.EventType]));
  const [reboot] = events;
  expect(reboot).toEqual({
    ...{ id: Events[0]?.EventId, type: 'Reboot', status: 'Scheduled', resources: ['examplevmname'] },
    ...{ notBefore: '2026-07-01T12:15:00Z', ResourceType: 'VirtualMachine' },
    ...(version >= '2019-04-01' && { description: 'Host server is undergoing maintenance.' }),
    ...(version >= '2019-08-01' && { source: 'Platform' }),
    ...(version >= '2020-07-01' && { durationInSeconds: 9 }),
  });
  expect(events.slice(1).every((event) => !('notBefore' in event) && !('durationInSeconds' in event))).toBe(true);
});
