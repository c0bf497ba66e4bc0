import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { refuse, type Reply } from './reply.ts';
import { hasField, type ApiVersion, type EventVersion } from './versions.ts';

const text = z.string().max(4096);

/** An event as files and the control API state it; all but its id and type has a default. */
export const scheduledEvent = z.strictObject({
  EventId: text.min(1),
  EventType: z.enum(['Freeze', 'Reboot', 'Redeploy', 'Preempt', 'Terminate']),
  ResourceType: z.literal('VirtualMachine').default('VirtualMachine'),
  Resources: z.array(text).default([]),
  EventStatus: z.enum(['Scheduled', 'Started']).default('Scheduled'),
  NotBefore: text.default(''),
  Description: text.default(''),
  EventSource: z.enum(['Platform', 'User']).default('Platform'),
  DurationInSeconds: z.int().default(-1),
});

/** An event as IMDS announces it (Scheduled Events, "Query for events"). `NotBefore` is an HTTP date, empty once started. */
export type ScheduledEvent = Readonly<z.output<typeof scheduledEvent>>;

/** The events of one VM. */
export interface EventList {
  readonly read: (version: ApiVersion | EventVersion) => Reply;
  readonly events: () => readonly ScheduledEvent[];
  /** Puts others in their place. */
  readonly replace: (events: readonly ScheduledEvent[]) => void;
  /** Starts the events that the body names. Throws a refusal where the body is not such a request. */
  readonly start: (body: string) => Reply;
}

/** The list of a VM, which is made when it is first asked for. */
export type EventLists = (vm: {
  readonly name: string;
  readonly scheduledEvents?: readonly ScheduledEvent[];
}) => EventList;

export function createEventLists(): EventLists {
  const lists = new Map<string, EventList>();
  return ({ name, scheduledEvents = [] }) => {
    const list = lists.get(name) ?? createEventList(scheduledEvents);
    lists.set(name, list);
    return list;
  };
}

const startRequest = z.object({ StartRequests: z.array(z.object({ EventId: z.string() })).max(100) });

/** The incarnation counts the changes of the list, as clients compare it to see whether there is anything new. */
export function createEventList(scheduled: readonly ScheduledEvent[]): EventList {
  let events = [...scheduled];
  let incarnation = 1;
  return {
    read: (version) => {
      const Events = events.map((event) => eventFields(event, version));
      return { status: 200, body: { DocumentIncarnation: incarnation, Events } };
    },
    events: () => events,
    replace: (next) => {
      if (isDeepStrictEqual(events, next)) return;
      events = [...next];
      incarnation += 1;
    },
    start: (body) => {
      const wanted = new Set(parseStart(body));
      if (events.some(({ EventId }) => wanted.has(EventId))) incarnation += 1;
      events = events.map((event) => (wanted.has(event.EventId) ? started(event) : event));
      return { status: 200, body: '' };
    },
  };
}

function started(event: ScheduledEvent): ScheduledEvent {
  return { ...event, EventStatus: 'Started', NotBefore: '' };
}

function eventFields(event: ScheduledEvent, version: ApiVersion | EventVersion) {
  return Object.fromEntries(Object.entries(event).filter(([field]) => hasField(`event.${field}`, version)));
}

function parseStart(body: string): string[] {
  const parsed = startRequest.safeParse(parseJson(body));
  if (!parsed.success) throw refuse(400, 'Bad request. The body must be { "StartRequests": [{ "EventId": "…" }] }');
  return parsed.data.StartRequests.map(({ EventId }) => EventId);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
