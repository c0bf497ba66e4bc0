import type { Answer } from '../../answer.ts';
import { formatInstant } from '../../../contract/instants.ts';
import { openAgent } from '../agent.ts';
import type { Agent } from '../agent.ts';
import { UsageError } from '../command.ts';
import type { Call, Command } from '../command.ts';
import { describe } from '../describe.ts';
import { EXIT, EXIT_STRICT_GRACE } from '../exitCodes.ts';
import { reportOf, toJson } from '../report.ts';

export const CHECK: Command = {
  name: 'check',
  summary: 'Checks once whether this VM is licensed',
  description: `Uses the licence in hand while that is current, else asks the service for one. For boot gates, cron,
scheduled tasks and container entry points: the exit code is the answer.`,
  options: {
    wait: { value: 'TIME', summary: 'try again for so long while there is no licence: 90s, 5m, 1h' },
    strict: { summary: 'exit with 9 in grace' },
    renew: { summary: 'renew a licence that is not due' },
    json: { summary: 'print the result as JSON' },
  },
  run: runCheck,
};

async function runCheck({ options, world }: Call): Promise<number> {
  const wait = options['wait'] === undefined ? undefined : parseTime(String(options['wait']));
  const isStrict = options['strict'] === true;
  const agent = await openAgent(world, { patience: wait });
  const answer = await checkFor(agent, { wait: wait ?? 0, isStrict, renew: options['renew'] === true });
  const report = reportOf(agent, answer, formatInstant(Date.now()));
  world.out(options['json'] === true ? `${JSON.stringify(toJson(report, answer))}\n` : describe(report));
  if (answer.state !== 'grace') return EXIT[answer.state];
  agent.log('warning', graceLine(answer), { state: answer.state, code: answer.code, graceUntil: report.graceUntil });
  return isStrict ? EXIT_STRICT_GRACE : EXIT.grace;
}

/** The reason says until when the licence was valid, and until when the software may run. */
export function graceLine({ code, reason }: Answer): string {
  return `In grace (${code ?? ''}). ${reason ?? ''}`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds that a timer can hold. */
const MAX_TIMER = 2 ** 31 - 1;

/** @returns milliseconds */
function parseTime(text: string): number {
  const [, count = '', unit = 's'] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  if (count === '') throw new UsageError('The option "--wait" needs a time with its unit: 90s, 5m or 1h.');
  return Number(count) * (UNITS[unit] ?? NaN);
}

interface Asked {
  /** Milliseconds. */
  readonly wait: number;
  readonly isStrict: boolean;
  readonly renew: boolean;
}

/** The first answer that is final, or the last one when the time is over. */
async function checkFor({ client }: Agent, { wait, isStrict, renew }: Asked): Promise<Answer> {
  const deadline = performance.now() + wait;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let last: Answer | undefined;
  for await (const answer of client.checks({ renew, signal: stop.signal })) {
    last = answer;
    const left = deadline - performance.now();
    if (isFinal(answer, isStrict) || left <= 0) break;
    timer ??= setTimeout(
      () => {
        stop.abort();
      },
      Math.min(left, MAX_TIMER),
    );
  }
  clearTimeout(timer);
  if (last === undefined) throw new Error('A check ended without an answer.');
  return last;
}

/** Whether it makes no sense to wait for another answer. */
function isFinal({ state, code }: Answer, isStrict: boolean): boolean {
  if (state === 'grace') return !isStrict;
  return state === 'licensed' || state === 'denied' || code === 'options_invalid';
}
