import type { Stored, WriteOutcome, Written } from '../../src/contract/stored.ts';

/** Rows of one table in memory, under the store's own rules: a write names the version that it replaces, null inserts. */
export class MemoryRows<T> {
  readonly rows = new Map<string, Stored<T>>();
  private versions = 0;

  read(key: string): Promise<Stored<T> | null> {
    return Promise.resolve(this.rows.get(key) ?? null);
  }

  /** Whether a row can be written. */
  judge(key: string, version: string | null): WriteOutcome {
    const present = this.rows.get(key);
    if (version === null) return present === undefined ? 'written' : 'exists';
    return present?.version === version ? 'written' : 'changed';
  }

  /** Writes it whatever is there. @returns its version */
  put(key: string, value: T): string {
    this.versions += 1;
    const version = `v${this.versions}`;
    this.rows.set(key, { value, version });
    return version;
  }

  write(key: string, value: T, version: string | null): Promise<Written> {
    const outcome = this.judge(key, version);
    return Promise.resolve(outcome === 'written' ? { outcome, version: this.put(key, value) } : { outcome });
  }

  /** `version: null` deletes it at any version. */
  delete(key: string, version: string | null): Promise<'deleted' | 'absent' | 'changed'> {
    const present = this.rows.get(key);
    if (present === undefined) return Promise.resolve('absent');
    if (version !== null && present.version !== version) return Promise.resolve('changed');
    this.rows.delete(key);
    return Promise.resolve('deleted');
  }
}
