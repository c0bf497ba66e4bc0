import { expect, test } from 'vitest';
import type { ScheduledEvent } from '../../src/emulator/scheduledEvents.ts';
import { BUILT_IN_VMS } from '../../src/emulator/builtInVms.ts';
import { get, getJson, withEmulator } from './running.ts';

const EVENT: ScheduledEvent = {
  EventId: '602d9444-d2cd-49c7-8624-8643e7171297',
  EventType: 'Reboot',
  ResourceType: 'VirtualMachine',
  Resources: ['examplevmname'],
  EventStatus: 'Scheduled',
  NotBefore: 'Wed, 01 Jul 2026 12:15:00 GMT',
  Description: 'Host server is undergoing maintenance.',
  EventSource: 'Platform',
  DurationInSeconds: 9,
};
const EVENTS = '/metadata/scheduledevents?api-version=2020-07-01';
const vms = [{ ...BUILT_IN_VMS[0], scheduledEvents: [EVENT] }] as const;

function post(body: string, headers: Record<string, string> = { Metadata: 'true' }): RequestInit {
  return { method: 'POST', headers, body };
}

test('a VM without events has an empty list', async () => {
  await withEmulator({}, async (emulator) => {
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 1, Events: [] });
  });
});

test('starting an event changes it and the incarnation, once', async () => {
  await withEmulator({ vms }, async (emulator) => {
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 1, Events: [EVENT] });
    const start = JSON.stringify({ StartRequests: [{ EventId: EVENT.EventId }] });
    expect((await get(emulator, EVENTS, post(start))).status).toBe(200);
    const started = { ...EVENT, EventStatus: 'Started', NotBefore: '' };
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 2, Events: [started] });
    const other = JSON.stringify({ StartRequests: [{ EventId: 'another' }] });
    expect((await get(emulator, EVENTS, post(other))).status).toBe(200);
    expect(await getJson(emulator, EVENTS)).toMatchObject({ DocumentIncarnation: 2 });
  });
});

test.each([
  ['2017-08-01', 6],
  ['2019-04-01', 7],
  ['2019-08-01', 8],
  ['2020-07-01', 9],
])('an event of %s has the fields of its time', async (version, count) => {
  await withEmulator({ vms }, async (emulator) => {
    const { Events } = (await getJson(emulator, `/metadata/scheduledevents?api-version=${version}`)) as {
      Events: object[];
    };
    expect(Events.map((event) => Object.keys(event).length)).toEqual([count]);
  });
});

test.each([
  ['not JSON', '{'],
  ['another shape', '{"StartRequests":{}}'],
])('a body that is %s is refused', async (_, body) => {
  await withEmulator({ vms }, async (emulator) => {
    expect((await get(emulator, EVENTS, post(body))).status).toBe(400);
    expect(await getJson(emulator, EVENTS)).toMatchObject({ DocumentIncarnation: 1 });
  });
});

test('a body that is too long is refused, and so is one without the Metadata header', async () => {
  await withEmulator({ vms }, async (emulator) => {
    expect((await get(emulator, EVENTS, post('x'.repeat(65 * 1024)))).status).toBe(413);
    expect((await get(emulator, EVENTS, post('{}', {}))).status).toBe(400);
  });
});
