import type { Answer } from '../../../../src/client/index.ts';
import { FOLDER } from '../world/world.ts';
import { readFolderTruth } from './folderTruth.ts';
import type { FolderTruth } from './folderTruth.ts';
import { demandedOf } from './model.ts';
import type { Demand } from './model.ts';
import type { Scene } from './scene.ts';
import { readSceneTruths } from './truth.ts';
import type { SceneTruth } from './truth.ts';

/** Milliseconds. */
const MAX_WITH_LICENCE = 12_000;
const LONGEST = 105_000;
const MAX_SERVICE_REQUESTS = 12;
const MAX_IMDS_REQUESTS = 40;
const IMDS_PER_SECOND = 5;
const MAX_PAUSE = 66 * 60_000;

/** What one check did. */
interface Done {
  readonly answer: Answer;
  readonly before: FolderTruth;
  readonly after: FolderTruth;
  /** Tokens. */
  readonly issued: readonly string[];
  readonly serviceRequests: number;
  readonly imdsRequests: number;
  readonly milliseconds: number;
}

/**
 * Makes one check, and compares everything that it did with what the contract demands.
 *
 * @throws {Error} that says what is wrong
 */
export async function checkStep(scene: Scene, isForced = false): Promise<void> {
  const { machine, world } = scene;
  // A process that is to be killed gets something to write.
  const renew = isForced || scene.killAt !== undefined;
  const before = readFolderTruth(machine.disk, world.service);
  const truths = readSceneTruths(scene, before);
  const from = { at: world.time.now, requests: world.network.requests.length, imds: machine.imds.requestTimes.length };
  const known = new Set(world.service.licences.keys());
  const answer = await scene.check(renew);
  checkImdsPace(machine.imds.requestTimes);
  const after = readFolderTruth(machine.disk, world.service);
  const issued = [...world.service.licences.keys()].filter((token) => !known.has(token));
  checkKeys(scene, before, after, issued.length > 0);
  if (answer === undefined) return;
  const done: Done = {
    ...{ answer, before, after, issued },
    serviceRequests: world.network.requests.length - from.requests,
    imdsRequests: machine.imds.requestTimes.length - from.imds,
    milliseconds: world.time.now - from.at,
  };
  if (!renew) checkAnswer(scene, truths, done);
  checkBounds(truths, done);
  checkFiles(scene, done);
  learn(scene, done);
}

function checkAnswer(scene: Scene, truths: readonly SceneTruth[], { answer, issued, serviceRequests }: Done): void {
  const demands = truths.flatMap(({ truth }) => demandedOf(truth));
  const isRenewed = answer.licence !== undefined && issued.includes(answer.licence.token);
  const isDemanded = (demand: Demand): boolean =>
    demand.state === answer.state &&
    demand.hasCode === (answer.code !== undefined) &&
    demand.isRenewed === isRenewed &&
    demand.asksService === serviceRequests > 0;
  if (!demands.some(isDemanded)) {
    const found = { state: answer.state, code: answer.code, isRenewed, serviceRequests };
    fail('state', { found, demands, truths: truths.map(({ truth }) => truth), wall: scene.machine.now });
  }
  const hands = truths.map(({ hand }) => hand?.token);
  const isKnown = answer.licence === undefined || isRenewed || hands.includes(answer.licence.token);
  if (!isKnown) fail('licence', 'The answer has a licence that was not in hand.');
}

function checkBounds(truths: readonly SceneTruth[], done: Done): void {
  const { answer, imdsRequests, milliseconds, serviceRequests } = done;
  // A licence that has ended gives no reason to be quick.
  const hasLicence =
    truths.every(({ truth: { hand, time } }) => hand !== undefined && time.latest < hand.graceUntil * 1000) &&
    ['licensed', 'grace'].includes(answer.state);
  if (milliseconds > (hasLicence ? MAX_WITH_LICENCE : LONGEST)) fail('duration', { milliseconds, hasLicence });
  if (serviceRequests > MAX_SERVICE_REQUESTS) fail('requests to the service', serviceRequests);
  if (imdsRequests > MAX_IMDS_REQUESTS) fail('requests to IMDS', imdsRequests);
}

/** In any window of a second. */
export function checkImdsPace(times: readonly number[]): void {
  const isTooFast = times.some((time, index) => (times[index + IMDS_PER_SECOND] ?? Infinity) - time < 1000);
  if (isTooFast) fail('pace of requests to IMDS', times.slice(-12));
}

/** A key stays, unless the licence of another VM has been issued meanwhile. */
function checkKeys({ vmId }: Scene, before: FolderTruth, after: FolderTruth, isIssued: boolean): void {
  for (const [owner, { jkt }] of before) {
    const mayGo = isIssued && owner !== vmId;
    if (jkt !== undefined && after.get(owner)?.jkt !== jkt && !(mayGo && after.get(owner)?.jkt === undefined)) {
      fail('key', `The key of ${owner} is another one or gone.`);
    }
  }
}

function checkFiles(scene: Scene, { answer, after, issued }: Done): void {
  const { disk, now } = scene.machine;
  const pause = Date.parse(answer.nextCheckAt) - now;
  if (pause < 0 || pause > MAX_PAUSE) fail('nextCheckAt', { pause, state: answer.state, code: answer.code });
  if (disk.readOnly || disk.full) return;
  const own = after.get(scene.vmId);
  const token = answer.licence?.token;
  if (token !== undefined && issued.includes(token)) {
    if (own?.licence?.token !== token || own.denial !== undefined) fail('files', 'The new licence is not kept alone.');
    if (after.size > 1) fail('files', 'What belongs to other VMs is still there after a licence was issued.');
  }
  if (answer.state === 'denied' && own?.denial === undefined && scene.machine.imds.condition.kind === 'well') {
    fail('files', 'The denial is not kept.');
  }
  if (answer.state === 'denied' && own?.licence !== undefined) fail('files', 'The licence is kept beside the denial.');
  const left = disk.list(FOLDER).filter((name) => name.startsWith('lock.') || name.endsWith('.tmp'));
  if (!scene.wasCutOff && left.length > 0) fail('files', left);
}

/** What the test knows from now on. */
function learn(scene: Scene, { answer, after, issued }: Done): void {
  const { disk } = scene.machine;
  for (const { licence } of after.values()) {
    if (licence === undefined) continue;
    const { iat, licence: terms } = licence.claims;
    const seen = { token: licence.token, issuedAt: iat * 1000, end: terms.graceUntil * 1000 };
    scene.knowledge.observe(seen, scene.times, !disk.readOnly && !disk.full);
  }
  if (!scene.isLongLived) return;
  if (!disk.readOnly && !disk.full) {
    scene.unwritten.delete(scene.vmId);
    return;
  }
  const kept = scene.unwritten.get(scene.vmId) ?? {};
  const licence = answer.licence?.token ?? kept.licence;
  const newest = [...scene.world.service.denials].at(-1);
  const denial = answer.state === 'denied' && issued.length === 0 ? newest : kept.denial;
  scene.unwritten.set(scene.vmId, {
    ...(licence !== undefined && { licence }),
    ...(denial !== undefined && { denial }),
  });
}

/** Beside other errors, those of the campaign say what was checked. */
function fail(what: string, found: unknown): never {
  throw new Error(`${what}: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}
