import { judgeChassis } from '../imds/chassis.ts';
import { ImdsRequests } from '../imds/imdsRequests.ts';
import type { Item } from '../imds/imdsRequests.ts';
import { parseInstance } from '../imds/instance.ts';
import type { Instance } from '../imds/instance.ts';
import { Pace } from '../imds/pace.ts';
import { parseEvents } from '../imds/scheduledEvents.ts';
import type { EventList } from '../imds/scheduledEvents.ts';
import type { Purpose } from '../imds/versions.ts';
import { Run } from '../run.ts';
import type { Session } from '../session.ts';

export interface ReadRequest {
  /** Ends the request early; it then rejects. */
  readonly signal?: AbortSignal;
}

interface Versioned {
  /** The api-version that IMDS answered by. */
  readonly apiVersion: string;
}

export type InstanceMetadata = Versioned & Instance;
export type ScheduledEvents = Versioned & EventList;

const INSTANCE: Item<Instance> = { path: '/metadata/instance', query: {}, parse: parseInstance };
const EVENTS: Item<EventList> = { path: '/metadata/scheduledevents', query: {}, parse: parseEvents };

/**
 * Reads what IMDS says of this VM. It needs nothing in the folder and does not wait for its lock, which a check can hold for
 * as long as its patience lasts; so the pace is that of this client alone.
 */
export class MetadataReader {
  readonly #session: Session;
  /** One request at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  /** @throws {ClientError} */
  readInstance(request: ReadRequest = {}): Promise<InstanceMetadata> {
    return this.#enqueue(request, 'instance', INSTANCE);
  }

  /** @throws {ClientError} */
  readEvents(request: ReadRequest = {}): Promise<ScheduledEvents> {
    return this.#enqueue(request, 'events', EVENTS);
  }

  #enqueue<Value extends object>(
    request: ReadRequest,
    purpose: Purpose,
    item: Item<Value>,
  ): Promise<Versioned & Value> {
    const started = this.#last.then(() => this.#read(new Run(this.#session, request), purpose, item));
    this.#last = started.catch(() => undefined);
    return started;
  }

  async #read<Value extends object>(run: Run, purpose: Purpose, item: Item<Value>): Promise<Versioned & Value> {
    const { memory, settings } = this.#session;
    // An option that is wrong can be the address of IMDS.
    if (settings.fault !== undefined) throw settings.fault;
    run.pace = new Pace(run, memory.imdsTimes);
    const chassis = judgeChassis(await settings.adapters.chassisTag(), null);
    const requests = new ImdsRequests(run, { chassis, hasLicence: false }, purpose);
    try {
      const value = await requests.read([item]);
      return { ...value, apiVersion: requests.apiVersion };
    } finally {
      memory.imdsTimes = run.pace.times;
    }
  }
}
