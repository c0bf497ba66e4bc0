import * as z from 'zod';
import { refuse, type Reply } from './reply.ts';
import { hasField, type ApiVersion, type EventVersion } from './versions.ts';

/** An event as IMDS announces it (Scheduled Events, "Query for events"). `NotBefore` is an HTTP date, empty once started. */
export interface ScheduledEvent {
  readonly EventId: string;
  readonly EventType: 'Freeze' | 'Reboot' | 'Redeploy' | 'Preempt' | 'Terminate';
  readonly ResourceType: 'VirtualMachine';
  readonly Resources: readonly string[];
  readonly EventStatus: 'Scheduled' | 'Started';
  readonly NotBefore: string;
  readonly Description: string;
  readonly EventSource: 'Platform' | 'User';
  readonly DurationInSeconds: number;
}

/** The events of one VM. */
export interface EventList {
  readonly read: (version: ApiVersion | EventVersion) => Reply;
  /** Starts the events that the body names. Throws a refusal where the body is not such a request. */
  readonly start: (body: string) => Reply;
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
