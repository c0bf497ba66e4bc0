import { attestedFacts, createDocumentMaker, type DocumentMaker } from '../endpoints/attestedDocuments.ts';
import { createAnswer } from './answering.ts';
import type { Authority } from '../authority/authority.ts';
import { BUILT_IN_VMS } from '../vms/builtInVms.ts';
import type { FaultName } from '../faults/faults.ts';
import { listenOn, type Listening } from './listening.ts';
import { MACHINE_TIMER, type EmulatorOptions } from './options.ts';
import { respond } from './respond.ts';
import { checkScenarioVms, type Scenario } from '../scenario/scenario.ts';
import { createScenarioRun, type ScenarioState } from '../scenario/scenarioRun.ts';
import { createEventLists, type EventList } from '../vms/scheduledEvents.ts';
import { findVm } from '../vms/vms.ts';

export interface RunningEmulator {
  /** The base URL without a trailing slash; that of a VM is `<url>/vms/<name>`. */
  readonly url: string;
  readonly authority: Authority;
  readonly control: EmulatorControl;
  /** Ends open connections as well. */
  readonly close: () => Promise<void>;
}

/** What can be changed while the emulator runs. */
export interface EmulatorControl {
  /** In place of the scenario that was set before. @throws an Error that names a VM which is not there */
  readonly setScenario: (scenario: Scenario) => Promise<void>;
  readonly clearScenario: () => void;
  /** Null where none is set. */
  readonly scenario: () => ScenarioState | null;
  /** The scheduled events of a VM; undefined where there is no VM of that name. */
  readonly events: (vm: string) => EventList | undefined;
}

export interface Emulator {
  /**
   * Starts to answer. Port 0 takes any free one.
   *
   * @throws the system's own error, such as EADDRINUSE for a port that is taken
   */
  readonly listen: (port: number, host?: string) => Promise<RunningEmulator>;
}

/** An Instance Metadata Service for development and tests, as the article describes it. */
export function createEmulator(options: EmulatorOptions): Emulator {
  return {
    listen: async (port, host = '127.0.0.1') => {
      const listening = await listenOn(port, host);
      return serve(options, listening).catch(async (error: unknown) => {
        await listening.close();
        throw error;
      });
    },
  };
}

async function serve(options: EmulatorOptions, listening: Listening): Promise<RunningEmulator> {
  const { url } = listening;
  const closing = new AbortController();
  const { signal } = closing;
  const authority = typeof options.authority === 'function' ? await options.authority(url) : options.authority;
  const makeDocument = createDocumentMaker(authority);
  if (options.prepared === true) await prepareDocuments(options, makeDocument, []);
  const scenario = createScenarioRun({ timer: options.timer ?? MACHINE_TIMER, signal, setOpen: listening.setOpen });
  const events = createEventLists(options.clock ?? Date.now);
  const { vms = BUILT_IN_VMS } = options;
  const control: EmulatorControl = {
    setScenario: async (next) => {
      checkScenarioVms(next, vms);
      await prepareDocuments(options, makeDocument, documentFaults(next));
      scenario.set(next);
    },
    clearScenario: scenario.clear,
    scenario: scenario.state,
    events: (name) => {
      const vm = findVm(vms, name);
      return vm && events(vm);
    },
  };
  if (options.scenario) await control.setScenario(options.scenario);
  const answer = createAnswer(options, { url, authority, makeDocument, scenario, events, signal });
  listening.answerWith((request, response) => void respond({ request, response, answer, log: options.log }));
  const close = () => {
    closing.abort();
    return listening.close();
  };
  return { url, authority, control, close };
}

function documentFaults({ steps }: Scenario): readonly FaultName[] {
  return steps.flatMap(({ answer }) => (answer.kind === 'fault' ? [answer.fault] : []));
}

/** Makes the keys and certificates of the usual documents, and of those with each of the faults. */
async function prepareDocuments(
  { vms = BUILT_IN_VMS, faults = [], clock = Date.now }: EmulatorOptions,
  makeDocument: DocumentMaker,
  later: readonly FaultName[],
): Promise<void> {
  const first = { apiVersion: '2020-09-01', createdOn: clock() } as const;
  const made = vms.flatMap((vm) => {
    const always = [...faults, ...(vm.faults ?? [])];
    const each = later.length === 0 ? [always] : later.map((fault) => [...always, fault]);
    return each.map((all) => makeDocument({ ...first, ...attestedFacts(vm), faults: all }));
  });
  await Promise.all(made);
}
