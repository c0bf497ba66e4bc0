import { expect, test } from 'vitest';
import type { ScheduledEvent } from '../../../src/emulator/vms/scheduledEvents.ts';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { AT, get, getJson, withEmulator } from '../running.ts';

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

test('an event that names no resource names its VM', async () => {
  await withEmulator(
    { vms: [{ ...BUILT_IN_VMS[0], scheduledEvents: [{ ...EVENT, Resources: [] }] }] },
    async (emulator) => {
      expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 1, Events: [EVENT] });
    },
  );
});

test('starting an event changes it and the incarnation, once', async () => {
  await withEmulator({ vms }, async (emulator) => {
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 1, Events: [EVENT] });
    const start = JSON.stringify({ StartRequests: [{ EventId: EVENT.EventId }] });
    expect((await get(emulator, EVENTS, post(start))).status).toBe(200);
    const started = { ...EVENT, EventStatus: 'Started', NotBefore: '' };
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 2, Events: [started] });
    expect((await get(emulator, EVENTS, post(start))).status).toBe(200);
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

test('an id that no event has is refused, and nothing is started', async () => {
  await withEmulator({ vms }, async (emulator) => {
    const start = JSON.stringify({ StartRequests: [{ EventId: EVENT.EventId }, { EventId: 'another' }] });
    const { status, text } = await get(emulator, EVENTS, post(start));
    expect([status, text]).toEqual([400, expect.stringContaining('another')]);
    expect(await getJson(emulator, EVENTS)).toEqual({ DocumentIncarnation: 1, Events: [EVENT] });
  });
});

test('an event starts at its time, and is gone when it is over', async () => {
  let at = AT;
  await withEmulator({ vms, clock: () => at }, async (emulator) => {
    const read = () => getJson(emulator, EVENTS);
    at = Date.parse(EVENT.NotBefore) - 1;
    expect(await read()).toEqual({ DocumentIncarnation: 1, Events: [EVENT] });
    at += 1;
    expect(await read()).toEqual({
      DocumentIncarnation: 2,
      Events: [{ ...EVENT, EventStatus: 'Started', NotBefore: '' }],
    });
    at += 8_999;
    expect(await read()).toMatchObject({ DocumentIncarnation: 2 });
    at += 1;
    expect(await read()).toEqual({ DocumentIncarnation: 3, Events: [] });
    expect(await read()).toMatchObject({ DocumentIncarnation: 3 });
  });
});

test('an event that was started early ends early; one without an end stays', async () => {
  let at = AT;
  const endless = { ...EVENT, EventId: 'endless', NotBefore: '', DurationInSeconds: -1 };
  const two = [{ ...BUILT_IN_VMS[0], scheduledEvents: [EVENT, endless] }] as const;
  await withEmulator({ vms: two, clock: () => at }, async (emulator) => {
    const ids = async () =>
      ((await getJson(emulator, EVENTS)) as { Events: ScheduledEvent[] }).Events.map(({ EventId }) => EventId);
    const start = JSON.stringify({ StartRequests: [{ EventId: EVENT.EventId }, { EventId: 'endless' }] });
    await get(emulator, EVENTS, post(start));
    at += 8_999;
    expect(await ids()).toEqual([EVENT.EventId, 'endless']);
    at += 1;
    expect(await ids()).toEqual(['endless']);
    at += 1_000_000_000;
    expect(await ids()).toEqual(['endless']);
  });
});

test.each([
  ['2017-08-01', ['Reboot']],
  ['2017-11-01', ['Reboot', 'Preempt']],
  ['2019-01-01', ['Reboot', 'Preempt', 'Terminate']],
])('version %s knows events of the types %j', async (version, types) => {
  const all = (['Reboot', 'Preempt', 'Terminate'] as const).map((EventType) => ({
    ...EVENT,
    EventId: EventType,
    EventType,
  }));
  await withEmulator({ vms: [{ ...BUILT_IN_VMS[0], scheduledEvents: all }] }, async (emulator) => {
    expect(await getJson(emulator, `/metadata/scheduledevents?api-version=${version}`)).toMatchObject({
      Events: types.map((EventType) => ({ EventType })),
    });
  });
});
