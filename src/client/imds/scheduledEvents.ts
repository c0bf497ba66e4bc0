import { formatInstant } from '../../contract/instants.ts';
import { member, parseJsonObject, wholeMember } from '../members.ts';
import { readTyped } from './typedFields.ts';
import type { Typed } from './typedFields.ts';

/** What Azure is going to do to VMs (Scheduled Events). */
export interface EventList {
  /** Another number: the list has changed. */
  readonly incarnation: number;
  readonly events: readonly ScheduledEvent[];
}

/** Fields of Azure's that are not known here stay under Azure's names. */
export interface ScheduledEvent {
  readonly id: string;
  /** `Freeze`, `Reboot`, `Redeploy`, `Preempt` or `Terminate`. */
  readonly type: string;
  /** `Scheduled`, `Started`, `Completed` or `Canceled`. */
  readonly status: string;
  /** Names of the VMs that it is about. Events of other VMs in the same availability set or scale set are there too. */
  readonly resources: readonly string[];
  /** RFC 3339 UTC: not before then. Absent once it has started. */
  readonly notBefore?: string;
  readonly description?: string;
  /** `Platform` or `User`. */
  readonly source?: string;
  /** How long the VM is expected to stand still, in seconds; absent where Azure does not know. */
  readonly durationInSeconds?: number;
  readonly [field: string]: unknown;
}

const EVENT = {
  EventId: 'text',
  EventType: 'text',
  EventStatus: 'text',
  Resources: ['text'],
  NotBefore: 'text',
  Description: 'text',
  EventSource: 'text',
  DurationInSeconds: 'number',
} as const;

/** @returns undefined where it is not an answer of `/metadata/scheduledevents` */
export function parseEvents(text: string): EventList | undefined {
  const object = parseJsonObject(text) ?? {};
  const incarnation = wholeMember(object, 'DocumentIncarnation', Number.MAX_SAFE_INTEGER);
  const events = readTyped([EVENT], member(object, 'Events'))?.map(nameEvent);
  return incarnation === undefined || events === undefined ? undefined : { incarnation, events };
}

function nameEvent(event: Typed<typeof EVENT>): ScheduledEvent {
  const { EventId, EventType, EventStatus, Resources, NotBefore, Description, EventSource, ...rest } = event;
  const { DurationInSeconds: seconds = -1, ...others } = rest;
  const at = Date.parse(NotBefore ?? '');
  return {
    ...others,
    ...{ id: EventId ?? '', type: EventType ?? '', status: EventStatus ?? '', resources: Resources ?? [] },
    ...(Number.isNaN(at) ? {} : { notBefore: formatInstant(at) }),
    ...(Description === undefined ? {} : { description: Description }),
    ...(EventSource === undefined ? {} : { source: EventSource }),
    ...(seconds < 0 ? {} : { durationInSeconds: seconds }),
  };
}
