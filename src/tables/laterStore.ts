import type { LicenceStore } from './licenceStore.ts';
import { loadOnce } from '../contract/loadOnce.ts';

/** The methods that answer piece by piece; all others answer with a promise. */
type InPieces = {
  [Name in keyof LicenceStore]: ReturnType<LicenceStore[Name]> extends AsyncIterable<unknown> ? Name : never;
}[keyof LicenceStore];

const IN_PIECES: Readonly<Record<InPieces, true>> = {
  ...{ readLicensed: true, readHours: true, sumHours: true },
  ...{ deleteActivations: true, deleteUsage: true, deleteStatistics: true, deleteIds: true, deleteRepeats: true },
  ...{ deleteDecisions: true, deleteDecisionsOf: true, deleteChanges: true, deleteChangesOf: true },
  ...{ deleteRequests: true, deleteRequestsNaming: true },
};

type Method = (...parameters: unknown[]) => unknown;
type Methods = Readonly<Record<string, Method>>;

export interface LaterStore {
  readonly store: LicenceStore;
  /** Loads the code that no call has needed yet. */
  readonly load: () => Promise<unknown>;
}

/**
 * A store whose code is loaded by the first call. It is half of what the service loads, and a VM's first request, for a
 * challenge, needs nothing of it.
 *
 * @param load is called again where it failed
 */
export function createLaterStore(load: () => Promise<LicenceStore>): LaterStore {
  const read = loadOnce(load) as unknown as () => Promise<Methods>;
  const methods: Record<string, Method> = {};
  const get = (_: object, name: string | symbol) => {
    // What has `then` is taken for a promise.
    if (typeof name !== 'string' || name === 'then') return undefined;
    return (methods[name] ??= Object.hasOwn(IN_PIECES, name) ? inPieces(read, name) : inOne(read, name));
  };
  return { store: new Proxy({}, { get }) as LicenceStore, load: read };
}

function inOne(read: () => Promise<Methods>, name: string): Method {
  return async (...parameters) => (await read())[name]?.(...parameters);
}

function inPieces(read: () => Promise<Methods>, name: string): Method {
  return async function* (...parameters) {
    yield* (await read())[name]?.(...parameters) as AsyncIterable<unknown>;
  };
}
