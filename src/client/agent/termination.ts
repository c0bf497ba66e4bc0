import { ClientError } from '../clientError.ts';
import { releaseOnTerminate } from '../watch/releaseOnTerminate.ts';
import type { TerminationStep } from '../watch/releaseOnTerminate.ts';
import type { Agent } from './agent.ts';
import type { Log } from './log.ts';

/**
 * With `releaseOnTerminate`, gives the seat back when Azure announces the end of this VM.
 *
 * @param stop ends the agent
 * @returns ends the checks: at the stop, and once the seat was given back, for a check would take it again
 */
export function endChecksOnTerminate({ client, session, log, configuration }: Agent, stop: AbortSignal): AbortSignal {
  if (!configuration.releaseOnTerminate || session instanceof ClientError) return stop;
  const { clocks } = session.settings.adapters;
  const released = new AbortController();
  const report = (step: TerminationStep) => {
    logStep(step, log);
  };
  void releaseOnTerminate({ client, clocks, signal: stop, report }).then((event) => {
    if (event !== undefined) released.abort();
  });
  return AbortSignal.any([stop, released.signal]);
}

function logStep(step: TerminationStep, log: Log): void {
  switch (step.step) {
    case 'terminate':
      log('warning', 'Azure is about to delete this VM. The agent gives its seat back.', { event: step.event.id });
      return;
    case 'failed':
      log('warning', `The scheduled events cannot be read: ${step.error.message}`, { code: step.error.code });
      return;
    case 'release': {
      const { release } = step;
      if (release.released) log('info', `The seat was given back. It is free at ${release.seatFreeAt}.`);
      else log('warning', `The seat was not given back: ${release.reason}`, { code: release.code });
    }
  }
}
