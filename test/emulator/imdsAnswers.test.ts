import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { BUILT_IN_VMS } from '../../src/emulator/vms/builtInVms.ts';
import type { ScheduledEvent } from '../../src/emulator/vms/scheduledEvents.ts';
import { answersFile, IMDS_ANSWERS } from '../support/imdsAnswers.ts';
import type { AnswersName } from '../support/imdsAnswers.ts';
import { getJson, withEmulator } from './running.ts';

const REBOOT: ScheduledEvent = {
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
const TERMINATE: ScheduledEvent = {
  ...REBOOT,
  EventId: 'c6f0c5c4-6a2c-4e5b-9a3e-1b8c8c2f8a11',
  EventType: 'Terminate',
  Resources: ['another'],
  EventStatus: 'Started',
  NotBefore: '',
  Description: '',
  EventSource: 'User',
  DurationInSeconds: -1,
};
const [FIRST, ...OTHERS] = BUILT_IN_VMS;
const VMS = [{ ...FIRST, scheduledEvents: [REBOOT, TERMINATE] }, ...OTHERS] as const;

/** The answers of each version that differ from those of the version before it. */
async function recordAnswers(name: AnswersName): Promise<Record<string, unknown>> {
  const { path, versions } = IMDS_ANSWERS[name];
  const recorded: Record<string, unknown> = {};
  await withEmulator({ vms: VMS }, async (emulator) => {
    let last: unknown;
    for (const version of versions) {
      const answer = await getJson(emulator, `${path}?api-version=${version}`);
      if (!isDeepStrictEqual(answer, last)) recorded[version] = answer;
      last = answer;
    }
  });
  return recorded;
}

/** After an intended change: `npx vitest run test/emulator/imdsAnswers.test.ts -u`, then the client's tests. */
test.each(Object.keys(IMDS_ANSWERS) as AnswersName[])('the emulator answers as recorded: %s', async (name) => {
  const text = `${JSON.stringify(await recordAnswers(name), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(answersFile(name));
});
