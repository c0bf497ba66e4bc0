import type { LicenceJson } from '../../contract/operators/licence.ts';
import { writeApply, writeCommand } from '../text/commandLine.ts';
import type { LicenceChange } from './licenceChange.ts';

/** The command that does the same as the dialogue. */
export function licenceCommand(licence: LicenceJson, change: LicenceChange, reason: string): string {
  const { verb, flags, isEnding, patch } = change;
  if (flags === null) return writeApply({ licences: [{ ...licence, ...patch }] }, { reason, isEnding });
  const words = ['licences', verb, licence.id, ...flags, ...(isEnding ? ['--yes'] : [])];
  return writeCommand(words, [{ name: 'reason', value: reason }]);
}

/** RFC 7396: what is to be removed is null. */
export function toMergePatch(patch: Partial<LicenceJson>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(patch).map(([name, value]) => [name, value ?? null]));
}
