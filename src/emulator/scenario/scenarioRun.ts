import type { EmulatorTimer } from '../faults/transportFaults.ts';
import type { Scenario, ScenarioStep } from './scenario.ts';

/** A request, as far as steps tell requests apart. */
export interface ScenarioRequest {
  readonly vm: string;
  /** Below `/metadata`. */
  readonly path: string;
}

/** Where a scenario stands. */
export interface ScenarioState {
  /** As it was set. */
  readonly steps: readonly object[];
  /** The index of the step that is running; null when all of them are over. */
  readonly step: number | null;
  /** What is left of it. */
  readonly millisecondsLeft?: number;
  readonly requestsLeft?: number;
}

/** Faults over time: one scenario at a time, set and cleared while requests come. */
export interface ScenarioRun {
  readonly set: (scenario: Scenario) => void;
  readonly clear: () => void;
  /** Null where none is set. */
  readonly state: () => ScenarioState | null;
  /** The step that is for this request, which is counted with that. */
  readonly take: (request: ScenarioRequest) => ScenarioStep | null;
}

export interface ScenarioRunOptions {
  readonly timer: EmulatorTimer;
  /** Ends the waiting when the emulator closes. */
  readonly signal: AbortSignal;
  /** Told when no connection is to be taken from now on, and when one is again. */
  readonly setOpen: (isOpen: boolean) => void;
}

interface Progress {
  readonly scenario: Scenario;
  index: number;
  /** When the step that is running began. */
  since: number;
  /** How many requests it has had. */
  taken: number;
}

/** A step begins when the one before it is over, and the first one when the scenario is set. */
export function createScenarioRun({ timer, signal, setOpen }: ScenarioRunOptions): ScenarioRun {
  let progress: Progress | null = null;
  let watch = new AbortController();

  /** Moves on to the current step, and again when that ends, even if no request comes. */
  const advance = () => {
    watch.abort();
    watch = new AbortController();
    const step = progress && passSteps(progress, timer.now());
    setOpen(!isClosing(step ?? null));
    if (!progress || step?.for === undefined) return;
    const left = progress.since + step.for - timer.now();
    timer.sleep(left, AbortSignal.any([signal, watch.signal])).then(advance, () => undefined);
  };

  return {
    set: (scenario) => {
      progress = { scenario, index: 0, since: timer.now(), taken: 0 };
      advance();
    },
    clear: () => {
      progress = null;
      advance();
    },
    state: () => progress && describe(progress, timer.now()),
    take: (request) => {
      if (!progress) return null;
      const before = progress.index;
      const step = passSteps(progress, timer.now());
      const isFor = step !== null && concerns(step, request);
      if (isFor) progress.taken += 1;
      if (progress.index !== before || isFor) advance();
      return isFor ? step : null;
    },
  };
}

/** Leaves behind the steps that are over. @returns the one that is running */
function passSteps(progress: Progress, now: number): ScenarioStep | null {
  for (;;) {
    const step = progress.scenario.steps[progress.index];
    if (!step) return null;
    const end = step.for === undefined ? null : progress.since + step.for;
    const isOver = end === null ? progress.taken >= (step.requests ?? 0) : now >= end;
    if (!isOver) return step;
    progress.index += 1;
    progress.since = end ?? now;
    progress.taken = 0;
  }
}

/** Whether the port itself is closed: a step for some requests alone has to take them to know them. */
function isClosing(step: ScenarioStep | null): boolean {
  if (step?.answer.kind !== 'fault' || step.answer.fault !== 'refused') return false;
  return step.for !== undefined && step.vm === undefined && step.endpoint === undefined;
}

function concerns({ vm, endpoint }: ScenarioStep, request: ScenarioRequest): boolean {
  if (vm !== undefined && vm !== request.vm) return false;
  return endpoint === undefined || request.path === endpoint || request.path.startsWith(`${endpoint}/`);
}

function describe(progress: Progress, now: number): ScenarioState {
  const step = passSteps(progress, now);
  const { steps } = progress.scenario.source as { steps: readonly object[] };
  if (step === null) return { steps, step: null };
  const left =
    step.for === undefined
      ? { requestsLeft: (step.requests ?? 0) - progress.taken }
      : { millisecondsLeft: Math.ceil(progress.since + step.for - now) };
  return { steps, step: progress.index, ...left };
}
