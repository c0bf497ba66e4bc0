import type { ChangeJson } from '../../contract/operators/change.ts';

/** A member of an object that differs, as people read it. */
export interface Difference {
  readonly name: string;
  readonly old: string;
  readonly new: string;
}

type Sides = Pick<ChangeJson, 'old' | 'new'>;

/** What differs between two versions of an object, by its members; of a new or deleted one, all that it has. */
export function listDifferences({ old, new: changed }: Sides): readonly Difference[] {
  const names = new Set([...Object.keys(old ?? {}), ...Object.keys(changed ?? {})]);
  return [...names]
    .map((name) => ({ name, old: write(old?.[name]), new: write(changed?.[name]) }))
    .filter((one) => one.old !== one.new);
}

/** What stands where there is nothing. */
export const NOTHING = '–';

function write(value: unknown): string {
  if (value === undefined || value === null || value === '') return NOTHING;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const VERBS: Partial<Record<ChangeJson['operation'], string>> = {
  blockActivation: 'blocked',
  blockVm: 'blocked',
  unblockActivation: 'let in again',
  releaseSeat: 'seat released',
  releaseKey: 'key changes forgotten',
  putKeySet: 'uploaded',
  erasePrivacy: 'erased',
  activateOffline: 'licensed by file',
  restoreBackup: 'restored',
  confirmRestore: 'confirmed',
};

/** What happened to the object, in a word or two. */
export function describeVerb({ operation, old, new: changed }: Pick<ChangeJson, 'operation' | 'old' | 'new'>): string {
  return VERBS[operation] ?? (changed === null ? 'deleted' : old === null ? 'created' : 'changed');
}

/** How the object was named, where one request changes many. */
export function describeManner(operation: ChangeJson['operation']): string | null {
  if (operation === 'changeLicences') return 'by a filter';
  if (operation === 'importLicences') return 'by an import';
  return operation === 'applyCatalogue' ? 'by a file' : null;
}
