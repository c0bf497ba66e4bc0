import { expect, onTestFinished, test } from 'vitest';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { createEmulator } from '../../../src/emulator/server/emulator.ts';
import type { ScheduledEvent } from '../../../src/emulator/vms/scheduledEvents.ts';
import type { Vm } from '../../../src/emulator/vms/vms.ts';
import { releaseOnTerminate } from '../../../src/client/watch/releaseOnTerminate.ts';
import type { TerminationStep } from '../../../src/client/watch/releaseOnTerminate.ts';
import { AT, sharedAuthority } from '../../emulator/running.ts';
import { problem } from '../support/licenceService.ts';
import { createScene } from '../support/scene.ts';
import type { Scene } from '../support/scene.ts';

const VM = BUILT_IN_VMS[0];
const TERMINATE: ScheduledEvent = {
  EventId: 'c6f0c5c4-6a2c-4e5b-9a3e-1b8c8c2f8a11',
  EventType: 'Terminate',
  ResourceType: 'VirtualMachine',
  Resources: ['another', VM.name.toUpperCase()],
  EventStatus: 'Scheduled',
  NotBefore: 'Wed, 01 Jul 2026 12:15:00 GMT',
  Description: '',
  EventSource: 'User',
  DurationInSeconds: -1,
};
const MINUTE = 60_000;

/** One VM as it is announced event after event: for each list of events a VM of the emulator with the same name in it. */
interface Doomed {
  readonly scene: Scene;
  readonly steps: TerminationStep[];
  readonly stop: AbortController;
  /** Watches until the seat is given back; stops ten minutes after the last list was announced. */
  readonly watch: () => ReturnType<typeof releaseOnTerminate>;
}

/** @param lists the events of the first minute, of the second, and so on; the last stays */
async function createDoomed(...lists: readonly (readonly Partial<ScheduledEvent>[])[]): Promise<Doomed> {
  const scene = await createScene();
  const authority = await sharedAuthority();
  const vms = lists.map((events, index): Vm => {
    const scheduledEvents = events.map((event) => ({ ...TERMINATE, ...event }));
    return { ...VM, name: `minute-${index}`, scheduledEvents };
  });
  const emulator = await createEmulator({
    authority,
    vms: vms as [Vm, ...Vm[]],
    clock: () => AT,
    rateLimit: Infinity,
  }).listen(0);
  onTestFinished(() => emulator.close());
  const stop = new AbortController();
  const started = scene.time.uptime;
  const { adapters } = scene;
  const requestImds: typeof adapters.requestImds = (request) => {
    const minute = Math.floor((scene.time.uptime - started) / MINUTE);
    if (minute > lists.length + 10) stop.abort();
    const vm = `/vms/minute-${Math.min(minute, lists.length - 1)}/metadata`;
    return adapters.requestImds({ ...request, url: request.url.replace('/metadata', vm) });
  };
  const client = scene.client({ imdsUrl: emulator.url, adapters: { ...adapters, requestImds } });
  expect(await client.check()).toMatchObject({ state: 'licensed' });
  const steps: TerminationStep[] = [];
  const report = (step: TerminationStep) => void steps.push(step);
  const watch = () => releaseOnTerminate({ client, clocks: adapters.clocks, signal: stop.signal, report });
  return { scene, steps, stop, watch };
}

test('the seat is given back when a Terminate event names this VM, whatever the case of its name', async () => {
  const { scene, steps, watch } = await createDoomed([], [], [TERMINATE]);
  expect(await watch()).toMatchObject({ id: TERMINATE.EventId, notBefore: '2026-07-01T12:15:00Z' });
  expect(scene.service.releaseRequests).toHaveLength(1);
  expect(steps.map(({ step }) => step)).toEqual(['terminate', 'release']);
  expect(steps[1]).toMatchObject({ release: { released: true } });
});

test('one that has begun counts too', async () => {
  const { scene, watch } = await createDoomed([{ EventStatus: 'Started', NotBefore: '' }]);
  expect(await watch()).toMatchObject({ status: 'Started' });
  expect(scene.service.releaseRequests).toHaveLength(1);
});

test('other events, and those of other VMs, give nothing back', async () => {
  const { scene, steps, watch } = await createDoomed([
    { EventType: 'Reboot' },
    { EventType: 'Preempt' },
    { Resources: ['another', `${VM.name}-2`] },
    { EventStatus: 'Canceled' as 'Started' },
  ]);
  expect(await watch()).toBeUndefined();
  expect(scene.service.releaseRequests).toEqual([]);
  expect(steps).toEqual([]);
});

test('a seat that could not be given back is given back later', async () => {
  const { scene, steps, watch } = await createDoomed([TERMINATE]);
  let refusals = 2;
  scene.service.alter.set('/v1/releases', (reply) => (refusals-- > 0 ? problem(403, 'licence_suspended') : reply));
  expect(await watch()).toMatchObject({ type: 'Terminate' });
  expect(steps.map((each) => each.step === 'release' && each.release.released)).toEqual([
    ...[false, false, false, true],
  ]);
  expect(steps.filter(({ step }) => step === 'terminate')).toHaveLength(1);
});

/** Calls back in each wait: `background` are those between two looks at the events. */
function atEachSleep({ time }: Scene, callback: (background: boolean) => void): void {
  const { sleep } = time.clocks;
  const watched: typeof sleep = (milliseconds, options) => {
    callback(options?.background === true);
    return sleep(milliseconds, options);
  };
  Object.assign(time.clocks, { sleep: watched });
}

test('an IMDS that does not answer is asked again, and the failure is reported', async () => {
  const { scene, steps, watch, stop } = await createDoomed([TERMINATE]);
  scene.imdsIs = 'silent';
  let looks = 0;
  atEachSleep(scene, (background) => {
    if (background && ++looks === 2) scene.imdsIs = 'there';
  });
  expect(await watch()).toMatchObject({ type: 'Terminate' });
  expect(steps.map(({ step }) => step)).toEqual(['failed', 'failed', 'terminate', 'release']);
  expect(steps[0]).toMatchObject({ error: { code: 'imds_not_answering' } });
  expect(stop.signal.aborted).toBe(false);
});

test('a signal ends the watch, in the middle of a request and between two', async () => {
  for (const between of [false, true]) {
    const { scene, steps, watch, stop } = await createDoomed([]);
    if (!between) scene.imdsIs = 'silent';
    atEachSleep(scene, (background) => {
      if (background === between) stop.abort();
    });
    expect(await watch()).toBeUndefined();
    expect(steps).toEqual([]);
  }
});
