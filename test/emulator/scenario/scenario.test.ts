import { expect, test } from 'vitest';
import { parseScenario } from '../../../src/emulator/scenario/scenario.ts';
import { createScenarioRun } from '../../../src/emulator/scenario/scenarioRun.ts';

const parse = (value: unknown) => parseScenario(JSON.stringify(value), 'outage.json');

/** Time that passes when the test says so, for those who wait too. */
function createTimer() {
  let at = 0;
  let waiting: { readonly end: number; readonly wake: () => void }[] = [];
  return {
    now: () => at,
    sleep: (milliseconds: number, signal: AbortSignal) =>
      new Promise<void>((wake, fail) => {
        waiting.push({ end: at + milliseconds, wake });
        signal.addEventListener('abort', () => {
          fail(new Error('aborted'));
        });
      }),
    pass: async (milliseconds: number) => {
      at += milliseconds;
      const over = waiting.filter(({ end }) => end <= at);
      waiting = waiting.filter(({ end }) => end > at);
      for (const { wake } of over) wake();
      await new Promise(setImmediate);
    },
  };
}

function run(...steps: readonly object[]) {
  const timer = createTimer();
  const opened: boolean[] = [];
  const setOpen = (isOpen: boolean) => {
    if (isOpen !== (opened.at(-1) ?? true)) opened.push(isOpen);
  };
  const scenario = createScenarioRun({ timer, signal: new AbortController().signal, setOpen });
  scenario.set(parse({ steps }));
  const ask = (path = 'instance/compute', vm = 'one') => scenario.take({ vm, path })?.name ?? 'well';
  return { timer, scenario, ask, opened };
}

test('steps for a time and for requests follow each other, and then all is well', async () => {
  const { timer, ask, scenario } = run({ for: '60s', answer: 410 }, { requests: 2, answer: 'slow' });
  expect([ask(), ask(), ask()]).toEqual(['410', '410', '410']);
  await timer.pass(59_999);
  expect(ask()).toBe('410');
  expect(scenario.state()).toMatchObject({ step: 0, millisecondsLeft: 1 });
  await timer.pass(1);
  expect(scenario.state()).toMatchObject({ step: 1, requestsLeft: 2 });
  expect([ask(), ask(), ask()]).toEqual(['slow', 'slow', 'well']);
  expect(scenario.state()).toMatchObject({ step: null });
});

test('what is left of a step is said in whole milliseconds', async () => {
  const { timer, scenario } = run({ for: '60s', answer: 410 });
  await timer.pass(0.25);
  expect(scenario.state()).toMatchObject({ step: 0, millisecondsLeft: 60_000 });
});

test('time that passed without a request counts as well', async () => {
  const { timer, ask } = run({ for: '1s', answer: 404 }, { for: '1s', answer: 'well' }, { for: '1s', answer: 500 });
  await timer.pass(2_500);
  expect(ask()).toBe('500');
  await timer.pass(500);
  expect(ask()).toBe('well');
});

test('a step can be for one endpoint and one VM; others are neither touched nor counted', () => {
  const { ask } = run({ requests: 2, endpoint: '/metadata/attested/document', vm: 'two', answer: 'expired' });
  expect(ask('attested/document')).toBe('well');
  expect(ask('attested/documents', 'two')).toBe('well');
  expect(ask('attested/document', 'two')).toBe('expired');
  expect(ask('instance', 'two')).toBe('well');
  expect(ask('attested/document', 'two')).toBe('expired');
  expect(ask('attested/document', 'two')).toBe('well');
});

test('the port is closed while all is refused, and opens again by itself', async () => {
  const { timer, opened } = run(
    { for: '1s', answer: 'well' },
    { for: '2s', answer: 'refused' },
    { for: '1s', answer: 404 },
  );
  expect(opened).toEqual([]);
  await timer.pass(1_000);
  expect(opened).toEqual([false]);
  await timer.pass(2_000);
  expect(opened).toEqual([false, true]);
});

test('clearing ends it at once', () => {
  const { scenario, ask, opened } = run({ for: '1h', answer: 'refused' });
  scenario.clear();
  expect([scenario.state(), ask(), opened]).toEqual([null, 'well', [false, true]]);
});

test.each([
  [{ for: '1s', answer: 'gone' }, 410],
  [{ for: '1s', answer: 'forbidden' }, 403],
  [{ for: '1s', answer: '429' }, 429],
  [{ for: '1s', answer: 503 }, 503],
])('%j is a status', (step, status) => {
  expect(parse({ steps: [step] }).steps[0]?.answer).toEqual({ kind: 'status', status });
});

test.each([
  ['no steps', { steps: [] }, 'steps: '],
  ['a member that is not known', { steps: [{ for: '1s', answer: 410, more: 1 }] }, 'steps.0: '],
  ['neither a time nor a number', { steps: [{ answer: 410 }] }, 'steps.0: a step has either "for" or "requests"'],
  ['both', { steps: [{ for: '1s', requests: 1, answer: 410 }] }, 'steps.0: a step has either "for" or "requests"'],
  ['a time without a unit', { steps: [{ for: '60', answer: 410 }] }, 'steps.0.for: a time from 1ms to 24h'],
  ['too long a time', { steps: [{ for: '25h', answer: 410 }] }, 'steps.0.for: a time from 1ms to 24h'],
  ['half a request', { steps: [{ requests: 0.5, answer: 410 }] }, 'steps.0.requests: '],
  ['an unknown answer', { steps: [{ for: '1s', answer: 'no' }] }, 'steps.0.answer: one of well, 403, 404'],
  ['a status that IMDS does not have', { steps: [{ for: '1s', answer: 418 }] }, 'steps.0.answer: one of'],
  ['an unknown endpoint', { steps: [{ for: '1s', endpoint: 'x', answer: 410 }] }, 'steps.0.endpoint: an endpoint: '],
])('%s is refused with its place', (_, value, message) => {
  expect(() => parse(value)).toThrow(message);
  expect(() => parse(value)).toThrow('outage.json is not a scenario');
});

test('a key that stands twice is refused by its name', () => {
  expect(() => parseScenario('{"steps":[],"steps":[]}', 'outage.json')).toThrow('the key "steps" appears twice');
});
