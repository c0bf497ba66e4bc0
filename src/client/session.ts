import type { KeyStore } from './adapters.ts';
import { ClientError } from './clientError.ts';
import { Folder } from './folder/folder.ts';
import { KeyFiles } from './folder/keyFiles.ts';
import { NO_IMDS_TIMES } from './folder/lockRecord.ts';
import type { ImdsTimes } from './folder/lockRecord.ts';
import { PREFERRED_VERSIONS } from './imds/versions.ts';
import { parseOptions } from './options.ts';
import type { ClientOptions, Settings } from './options.ts';
import type { KeySet } from './trust/keySet.ts';

/** What one client object keeps from check to check. */
export interface Session {
  readonly settings: Settings;
  readonly folder: Folder;
  readonly keyStore: KeyStore;
  readonly memory: Memory;
}

export class Memory {
  /** What could not be written, by path below the folder: it counts as if it had been. */
  readonly unwritten = new Map<string, string>();
  /** Where the lock was last seen; only saves a look. */
  generation: number | undefined;
  /** Of a folder that has no lock because it cannot be written. */
  imdsTimes: ImdsTimes = NO_IMDS_TIMES;
  /** What IMDS is asked with. */
  readonly apiVersions = { ...PREFERRED_VERSIONS };
  /** An older one never counts again. */
  newestKeySet: KeySet | undefined;
  /** When the folder was last swept, by the monotonic clock. */
  sweptAt = -Infinity;
  readonly #results = new Map<string, { readonly input: string; readonly value: unknown }>();

  /** Computes anew only where the input is another than last time. What is thrown is not kept. */
  recall<Value>(slot: string, input: string, compute: () => Value): Value {
    const known = this.#results.get(slot);
    if (known?.input === input) return known.value as Value;
    const value = compute();
    this.#results.set(slot, { input, value });
    return value;
  }
}

export function openSession(settings: Settings): Session {
  const { adapters } = settings;
  const folder = new Folder(settings.folder, adapters.files, adapters.process);
  return { settings, folder, keyStore: adapters.keyStore ?? new KeyFiles(folder), memory: new Memory() };
}

/** A session, or what is wrong with the options. */
export function openOrExplain(options: ClientOptions): Session | ClientError {
  try {
    return openSession(parseOptions(options));
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}
