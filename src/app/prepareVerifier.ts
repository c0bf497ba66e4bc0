import { loadSecondReader } from '../verifier/secondReader.ts';

/** Milliseconds: the first answer is on its way to the caller by then. */
const DELAY = 250;

let isScheduled = false;

/**
 * Loads, soon after the first answer of a process, what the verifier needs for a leaf that it has not met. A cold start does
 * not wait for it, and neither does most often the first new leaf. A fault is told by the leaf that needs it.
 */
export function prepareVerifier(): void {
  if (isScheduled) return;
  isScheduled = true;
  const load = () => {
    try {
      loadSecondReader();
    } catch {
      // Loading is tried again, and fails loudly, where a leaf needs it.
    }
  };
  setTimeout(load, DELAY).unref();
}
