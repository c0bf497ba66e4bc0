import { loadSecondReader } from '../verifier/secondReader.ts';
import { readConfig } from './config.ts';
import { createService } from './service.ts';
import { keepYoungSpace } from './youngSpace.ts';

export { writeJson } from '../contract/plainText.ts';
export type { EdgeRequest, Log, UseCase } from '../http/edge.ts';

/**
 * The service of this process, created when the entry files are loaded. If the configuration cannot be used, the host
 * does not start, and one message lists all problems.
 */
export const service = await createService(readConfig(), { now: Date.now });

/** Milliseconds: the first answer is on its way to the caller by then. */
const DELAY = 250;

let isScheduled = false;

/**
 * Loads, soon after the first answer of a process, the store and what the verifier needs for a leaf that it has not met. A
 * cold start does not wait for them, and neither do most often the first licence and the first new leaf. A fault is told by
 * the request that needs them.
 */
export function prepareLicences(): void {
  if (isScheduled) return;
  isScheduled = true;
  const load = async () => {
    try {
      await service.loadStore();
      loadSecondReader();
    } catch {
      // Loading is tried again, and fails loudly, where a request needs it.
    } finally {
      // As large as all this code has made it: with what the import alone needs, it would be collected twice as often.
      keepYoungSpace();
    }
  };
  setTimeout(() => void load(), DELAY).unref();
}
