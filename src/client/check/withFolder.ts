import { ClientError, systemErrorCode } from '../clientError.ts';
import { vmIdsAmong } from '../folder/folder.ts';
import { LICENCE_FILE } from '../folder/vmFiles.ts';
import { isAzures } from '../imds/chassis.ts';
import { askVmIdEarly } from '../imds/imds.ts';
import { Pace } from '../imds/pace.ts';
import type { Run } from '../run.ts';
import { glance, handOf, judgeOwnFolder, look, presumedRecord, setPatience } from './scene.ts';
import type { Glance, Scene } from './scene.ts';
import { takeLock } from './takeLock.ts';

/** What is done in the folder. */
export interface InFolder<Result> {
  /** The lock is held, or there is none to be had: then `fault` says why nothing is to be renewed, or nothing can be kept. */
  readonly free: (scene: Scene, fault: ClientError | undefined) => Promise<Result>;
  /** Another process holds the lock for longer than this one waits. */
  readonly busy: (scene: Scene, fault: ClientError) => Promise<Result>;
  /** Nothing in the folder can be believed or read. */
  readonly unusable: (fault: ClientError) => Result;
}

/** Milliseconds. */
const SWEEP_INTERVAL = 3_600_000;

/** Judges the folder, takes its lock, looks what is in it, and frees the lock whatever happens. */
export async function withFolder<Result>(run: Run, action: InFolder<Result>): Promise<Result> {
  try {
    const wrong = run.session.settings.fault;
    const fault = (await judgeOwnFolder(run.session, { create: wrong === undefined })) ?? wrong;
    return fault === undefined ? await underLock(run, action) : await action.free(await prepare(run), fault);
  } catch (error) {
    if (error instanceof ClientError) return action.unusable(error);
    throw error;
  }
}

async function underLock<Result>(run: Run, action: InFolder<Result>): Promise<Result> {
  const taken = await takeLock(run, async () => {
    const scene = await look(run.session);
    setPatience(run, scene, presumedRecord(scene));
  });
  try {
    if (taken) return await action.free(await prepare(run), undefined);
    run.lockFault = 'EBUSY';
    return await action.busy(await look(run.session), new ClientError('check_running'));
  } finally {
    run.early?.end();
    await release(run);
  }
}

async function prepare(run: Run): Promise<Scene> {
  const { memory } = run.session;
  run.pace = new Pace(run, run.lock === undefined ? memory.imdsTimes : run.lock.imds);
  const seen = await glance(run.session);
  if (await mayBeLicensed(run, seen)) await askVmIdEarly(run);
  const scene = await look(run.session, seen);
  reportCache(run, scene);
  await sweep(run, scene);
  return scene;
}

/**
 * On Azure's own hardware a check with a licence begins with the same question to IMDS whatever else is true, so the answer
 * can come while the folder is verified. Where the licence turns out not to count, the question was one too many.
 */
async function mayBeLicensed({ lock, session }: Run, { names, tag }: Glance): Promise<boolean> {
  const [vmId, ...others] = vmIdsAmong(names);
  if (lock === undefined || vmId === undefined || others.length > 0 || !isAzures(tag)) return false;
  try {
    return (await session.folder.list(vmId)).includes(LICENCE_FILE);
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  }
}

function reportCache(run: Run, scene: Scene): void {
  const record = presumedRecord(scene);
  const hand = handOf(run, scene, record);
  const { denial, fault } = record ?? {};
  if (denial !== undefined) run.report({ step: 'cache', found: 'denial', code: denial.code });
  else if (hand !== undefined) run.report({ step: 'cache', found: hand.standing });
  else if (fault !== undefined) run.report({ step: 'cache', found: 'unusable', code: fault.code });
  else run.report({ step: 'cache', found: 'nothing' });
}

/** Once an hour is often enough, and spares most checks the look. */
async function sweep(run: Run, { names, records }: Scene): Promise<void> {
  const { lock, session, clocks } = run;
  const { folder, memory } = session;
  if (lock === undefined || clocks.monotonic() - memory.sweptAt < SWEEP_INTERVAL) return;
  memory.sweptAt = clocks.monotonic();
  try {
    await lock.sweep(names);
    await folder.sweep(
      records.map(({ vmId }) => vmId),
      clocks.now(),
    );
  } catch (error) {
    if (!(error instanceof ClientError) && systemErrorCode(error) === undefined) throw error;
  }
}

/** A lock that cannot be freed is taken over when this process has ended, or after three minutes. */
async function release(run: Run): Promise<void> {
  const { lock, pace, session } = run;
  const times = pace?.times ?? session.memory.imdsTimes;
  session.memory.imdsTimes = times;
  if (lock === undefined) return;
  session.memory.generation = lock.generation;
  try {
    await lock.release(times);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    run.report({ step: 'cache_not_written', code });
  }
}
