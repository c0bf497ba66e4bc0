import { once } from 'node:events';
import { chownSync } from 'node:fs';
import type { Answer } from '../../answer.ts';
import { isChange } from '../../client.ts';
import { ClientError, systemErrorCode } from '../../clientError.ts';
import type { Progress } from '../../progress.ts';
import { openAgent } from '../agent.ts';
import type { Agent } from '../agent.ts';
import { AGENT_NAME } from '../agentVersion.ts';
import type { Call, Command } from '../command.ts';
import { FIRST_USE } from '../describe.ts';
import { EXIT } from '../exitCodes.ts';
import type { Log, LogLevel } from '../log.ts';
import { createNotify } from '../notify.ts';
import type { Notify } from '../notify.ts';
import type { Owner } from '../privileges.ts';
import { Publisher } from '../publisher.ts';
import { createRunFolder, judgeRunFolder } from '../runFolder.ts';
import { endChecksOnTerminate } from '../termination.ts';
import { Watchdog } from '../watchdog.ts';
import { graceLine } from './check.ts';

export const RUN: Command = {
  name: 'run',
  summary: 'Checks for ever, and tells other programs in the run folder',
  description: `Writes state, status.json, licence.jwt and jwks.jwt into /run/countersign after each check. SIGTERM ends it.
Under systemd it says when it is ready: as soon as it runs, whatever the licence is.`,
  run: runForEver,
};

async function runForEver({ world }: Call): Promise<number> {
  const stop = stopOnSignals();
  const agent = await openAgent(world, { progress: logProgress, prepare: prepareRunFolder });
  const { configuration, log } = agent;
  const obstacle = openRunFolder(configuration.runFolder);
  if (obstacle !== undefined) {
    log('error', obstacle);
    return EXIT.misconfigured;
  }
  sayHello(agent);
  const notify = createNotify(world.env, log);
  const publisher = await Publisher.open(agent);
  notify('--ready', '--status=The first check is running.');
  // What waits in a client keeps no process alive.
  const life = setInterval(() => undefined, MAX_TIMER);
  const watchdog = watch(agent, world.env, notify);
  await publishAnswers(agent, { publisher, notify, watchdog, stop: endChecksOnTerminate(agent, stop) });
  if (!stop.aborted) {
    // The seat was given back: other programs are told of no licence, and none is asked for until the VM ends.
    publisher.withdraw();
    watchdog.expectCheckIn(Infinity);
    await once(stop, 'abort');
  }
  clearInterval(life);
  watchdog.close();
  notify('STOPPING=1');
  publisher.close(world.env);
  log('info', 'The agent has stopped.');
  return 0;
}

/** Milliseconds that a timer can hold. */
const MAX_TIMER = 2 ** 31 - 1;

interface Outlets {
  readonly publisher: Publisher;
  readonly notify: Notify;
  readonly watchdog: Watchdog;
  readonly stop: AbortSignal;
}

function watch({ session }: Agent, env: NodeJS.ProcessEnv, notify: Notify): Watchdog {
  const patience = session instanceof ClientError ? 0 : session.settings.patience;
  return new Watchdog({ env, notify, patience, monotonic: () => performance.now() });
}

async function publishAnswers({ client, log }: Agent, { publisher, notify, watchdog, stop }: Outlets): Promise<void> {
  let last: Answer | undefined;
  for await (const answer of client.checks({ signal: stop, spread: true, watchful: true })) {
    publisher.publish(answer);
    watchdog.expectCheckIn(Date.parse(answer.nextCheckAt) - Date.now());
    if (last === undefined || isChange(last, answer)) {
      logAnswer(log, answer);
      notify(`--status=${describeState(answer)}`);
    }
    last = answer;
  }
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The first signal ends what runs in an orderly way; a second one does not wait for that. */
function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      stop.abort();
    });
  }
  return stop.signal;
}

/** Only root can create a folder in /run, and give it away. */
function prepareRunFolder({ uid, gid }: Owner, path: string): void {
  if (createRunFolder(path)) chownSync(path, uid, gid);
}

/** @returns what keeps files from being written there */
function openRunFolder(path: string): string | undefined {
  try {
    createRunFolder(path);
    return judgeRunFolder(path, process.geteuid?.());
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return `${path} cannot be created (${code}). Create it for the agent's user, or set COUNTERSIGN_RUN_FOLDER.`;
  }
}

function sayHello({ session, folder, log, configuration }: Agent): void {
  const { runFolder } = configuration;
  if (session instanceof ClientError) {
    log('info', `${AGENT_NAME} runs.`, { agent: AGENT_NAME, folder, runFolder });
    return;
  }
  const { issuer, product, trust } = session.settings;
  const facts = { agent: AGENT_NAME, issuer, product, trust: trust.kind, folder, runFolder };
  log('info', `${AGENT_NAME} runs for ${product} of ${issuer}.`, facts);
  if (trust.kind === 'first-use') log('warning', `Trust is ${FIRST_USE}.`);
}

function levelOf({ state, code }: Answer): LogLevel {
  if (state === 'licensed') return code === undefined ? 'info' : 'warning';
  return state === 'grace' ? 'warning' : 'error';
}

function logAnswer(log: Log, answer: Answer): void {
  const { state, code, reason, correlationId, licence, nextCheckAt } = answer;
  const { id: licenceId, vmId, expiresAt, graceUntil } = licence ?? {};
  const facts = { state, code, reason, correlationId, licenceId, vmId, expiresAt, graceUntil, nextCheckAt };
  log(levelOf(answer), describeState(answer), facts);
}

function describeState(answer: Answer): string {
  const { state, code, reason, licence } = answer;
  if (state === 'grace') return graceLine(answer);
  const head = state === 'licensed' ? `licensed until ${licence.expiresAt}` : state;
  return code === undefined ? head : `${head} (${code}). ${reason}`;
}

/** What somebody should know although it changes no state. */
const REMARKS: Partial<Readonly<Record<Progress['step'], string>>> = {
  cache_not_written: 'The state folder could not be written.',
  clock_set_back: 'The clock of this machine is behind the time that has passed.',
  clock_ahead: 'The clock of this machine is ahead of the time that is remembered.',
  chassis_foreign: 'The chassis is neither one of Azure nor the one that the licence was issued on.',
  denial_ignored: 'A refusal came with a signed part that does not answer this request. It counts as unsigned.',
};

function logProgress(event: Progress, log: Log): void {
  const remark = REMARKS[event.step];
  if (remark !== undefined) log('warning', remark, event);
}
