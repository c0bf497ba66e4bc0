import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { refuse, type Reply } from '../protocol/reply.ts';
import { hasField, type ApiVersion, type EventVersion } from '../protocol/versions.ts';

const SECOND = 1000;

const text = z.string().max(4096);

/** An event as files and the control API state it; all but its id and type has a default. */
export const scheduledEvent = z.strictObject({
  EventId: text.min(1),
  EventType: z.enum(['Freeze', 'Reboot', 'Redeploy', 'Preempt', 'Terminate']),
  ResourceType: z.literal('VirtualMachine').default('VirtualMachine'),
  Resources: z.array(text).default([]),
  EventStatus: z.enum(['Scheduled', 'Started']).default('Scheduled'),
  NotBefore: text.refine((time) => time === '' || !Number.isNaN(Date.parse(time)), 'an HTTP date').default(''),
  Description: text.default(''),
  EventSource: z.enum(['Platform', 'User']).default('Platform'),
  DurationInSeconds: z.int().default(-1),
});

/**
 * An event as IMDS announces it (Scheduled Events, "Query for events"). It starts at `NotBefore`, an HTTP date that is empty
 * once it has started, and ends after `DurationInSeconds`; -1 for one that somebody must take away.
 */
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

/** @param clock milliseconds since the epoch */
export function createEventLists(clock: () => number): EventLists {
  const lists = new Map<string, EventList>();
  return ({ name, scheduledEvents = [] }) => {
    const list = lists.get(name) ?? createEventList(name, scheduledEvents, clock);
    lists.set(name, list);
    return list;
  };
}

const startRequest = z.object({ StartRequests: z.array(z.object({ EventId: z.string() })).max(100) });

/** An event and when it started, in milliseconds since the epoch. */
interface Listed {
  readonly event: ScheduledEvent;
  readonly startedAt: number | null;
}

/**
 * An event that names no resource concerns the VM itself: programs look for their own name there.
 *
 * The incarnation counts the changes of the list, as clients compare it to see whether there is anything new. Time changes
 * it too: what is due has started, and what is over is gone, whenever somebody looks.
 */
function createEventList(name: string, scheduled: readonly ScheduledEvent[], clock: () => number): EventList {
  const list = (events: readonly ScheduledEvent[]) => events.map((event) => listEvent(named(event, name), clock()));
  let listed: readonly Listed[] = list(scheduled);
  let incarnation = 1;
  const change = (next: readonly Listed[]) => {
    if (isDeepStrictEqual(eventsOf(next), eventsOf(listed))) return;
    listed = next;
    incarnation += 1;
  };
  const settle = () => {
    change(listed.flatMap((each) => settled(each, clock())));
  };
  return {
    read: (version) => {
      settle();
      const known = eventsOf(listed).filter(({ EventType }) => hasField(`event.${EventType}`, version));
      const Events = known.map((event) => eventFields(event, version));
      return { status: 200, body: { DocumentIncarnation: incarnation, Events } };
    },
    events: () => {
      settle();
      return eventsOf(listed);
    },
    replace: (next) => {
      change(list(next));
    },
    start: (body) => {
      settle();
      const wanted = new Set(parseStart(body));
      checkKnown(wanted, eventsOf(listed));
      change(listed.map((each) => (wanted.has(each.event.EventId) ? started(each, clock()) : each)));
      return { status: 200, body: '' };
    },
  };
}

function named(event: ScheduledEvent, name: string): ScheduledEvent {
  return event.Resources.length === 0 ? { ...event, Resources: [name] } : event;
}

function listEvent(event: ScheduledEvent, at: number): Listed {
  return { event, startedAt: event.EventStatus === 'Started' ? at : null };
}

function eventsOf(listed: readonly Listed[]): readonly ScheduledEvent[] {
  return listed.map(({ event }) => event);
}

function started({ event, startedAt }: Listed, at: number): Listed {
  return { event: { ...event, EventStatus: 'Started', NotBefore: '' }, startedAt: startedAt ?? at };
}

/** What became of an event until then: nothing of one that is over. */
function settled(each: Listed, at: number): readonly Listed[] {
  const due = each.event.NotBefore === '' ? NaN : Date.parse(each.event.NotBefore);
  const now = each.startedAt === null && due <= at ? started(each, due) : each;
  const { startedAt, event } = now;
  const isOver =
    startedAt !== null && event.DurationInSeconds >= 0 && at >= startedAt + event.DurationInSeconds * SECOND;
  return isOver ? [] : [now];
}

/** Throws a refusal: nothing is started where no event has one of the ids. */
function checkKnown(wanted: ReadonlySet<string>, events: readonly ScheduledEvent[]): void {
  const known = new Set(events.map(({ EventId }) => EventId));
  for (const id of wanted) if (!known.has(id)) throw refuse(400, `Bad request. There is no event ${id}`);
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
