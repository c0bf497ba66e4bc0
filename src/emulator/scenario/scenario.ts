import * as z from 'zod';
import { parsePlainJson } from '../../contract/plainJson.ts';
import { JsonError } from '../../contract/strictJson.ts';
import { describeProblems } from '../input/describeProblems.ts';
import { parseDuration } from '../input/duration.ts';
import { FAULT_NAMES, isFaultName, type FaultName } from '../faults/faults.ts';
import { STATUSES, isStatus, type Status } from '../protocol/refusals.ts';
import { STATUS_FAULTS } from '../faults/transportFaults.ts';
import { ENDPOINTS_SINCE } from '../protocol/versions.ts';
import { findVm, type Vm } from '../vms/vms.ts';

/** What a step of a scenario does to the requests that it is for; `well` does nothing. */
export type ScenarioAnswer =
  | { readonly kind: 'well' }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'fault'; readonly fault: FaultName };

/** One step: for a time or for a number of requests. */
export interface ScenarioStep {
  /** Milliseconds. */
  readonly for?: number;
  readonly requests?: number;
  /** Below `/metadata`, as in `identity` or `attested/document`; every endpoint by default. */
  readonly endpoint?: string;
  /** The name of a VM; every VM by default. */
  readonly vm?: string;
  readonly answer: ScenarioAnswer;
  /** The answer as it was written. */
  readonly name: string;
}

export interface Scenario {
  readonly steps: readonly ScenarioStep[];
  /** What was read. */
  readonly source: object;
}

const MAX_STEPS = 1000;
const MAX_DURATION = 24 * 60 * 60 * 1000;
const ENDPOINTS = [...Object.keys(ENDPOINTS_SINCE), 'versions'];
const ANSWERS = ['well', ...STATUSES.map(String), ...FAULT_NAMES];

const duration = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null && milliseconds > 0 && milliseconds <= MAX_DURATION) return milliseconds;
  context.addIssue({ code: 'custom', message: 'a time from 1ms to 24h, such as 500ms, 60s, 5m or 1h' });
  return z.NEVER;
});

const endpoint = z.string().transform((text, context) => {
  const parts = text.split('/').filter((part) => part !== '');
  const [first = '', ...rest] = parts[0] === 'metadata' ? parts.slice(1) : parts;
  if (ENDPOINTS.includes(first)) return [first, ...rest].join('/');
  context.addIssue({ code: 'custom', message: `an endpoint: ${ENDPOINTS.join(', ')}, or a path below one` });
  return z.NEVER;
});

const answer = z.union([z.string(), z.int()]).transform((given, context) => {
  const found = findAnswer(String(given));
  if (found !== null) return { answer: found, name: String(given) };
  context.addIssue({ code: 'custom', message: `one of ${ANSWERS.join(', ')}` });
  return z.NEVER;
});

/** A fault that is a status lasts as long as its step, `gone` too. */
function findAnswer(name: string): ScenarioAnswer | null {
  if (name === 'well') return { kind: 'well' };
  const status = isFaultName(name) ? STATUS_FAULTS[name] : Number(name);
  if (status !== undefined && isStatus(status)) return { kind: 'status', status };
  return isFaultName(name) ? { kind: 'fault', fault: name } : null;
}

const step = z
  .strictObject({
    for: duration.optional(),
    requests: z.int().min(1).max(1_000_000).optional(),
    endpoint: endpoint.optional(),
    vm: z.string().optional(),
    answer,
  })
  .refine((given) => (given.for === undefined) !== (given.requests === undefined), {
    message: 'a step has either "for" or "requests"',
  });

const scenario = z.strictObject({ steps: z.array(step).min(1).max(MAX_STEPS) });

/**
 * Reads `{ "steps": [{ "for": "60s" or "requests": n, "endpoint"?, "vm"?, "answer" }] }`.
 *
 * @param source names the text in errors
 * @throws an Error that names every problem with its place
 */
export function parseScenario(text: string, source: string): Scenario {
  const value = parseJson(text, source);
  const parsed = scenario.safeParse(value);
  if (!parsed.success) throw new Error(`${source} is not a scenario:\n${describeProblems(parsed.error)}`);
  const steps = parsed.data.steps.map(({ answer: { answer: does, name }, ...rest }) => toStep({ ...rest, name }, does));
  return { steps, source: value as object };
}

function toStep(given: Record<string, unknown> & { name: string }, does: ScenarioAnswer): ScenarioStep {
  const stated = Object.fromEntries(Object.entries(given).filter(([, member]) => member !== undefined));
  return { ...stated, name: given.name, answer: does };
}

function parseJson(text: string, source: string): unknown {
  try {
    return parsePlainJson(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new Error(`${source} cannot be read as JSON: ${error.message}`);
  }
}

/** @throws an Error that names a VM which is not there */
export function checkScenarioVms({ steps }: Scenario, vms: readonly [Vm, ...Vm[]]): void {
  for (const { vm } of steps) {
    if (vm !== undefined && !findVm(vms, vm)) {
      throw new Error(`There is no VM ${vm}: choose one of ${vms.map(({ name }) => name).join(', ')}, fleet-<n>`);
    }
  }
}
