import { isDeepStrictEqual } from 'node:util';
import type { CatalogueFile } from '../catalogue/file/cataloguePlan.ts';
import { writeLicence } from '../contract/operators/licence.ts';
import { writeOffer } from '../contract/operators/offer.ts';
import { formatPlanName } from '../contract/planName.ts';
import type { Terminal } from './command.ts';
import { describeMembers } from './endings.ts';
import { findLosses } from './losses.ts';
import type { Terms } from './losses.ts';
import type { Answers } from './operatorAnswers.ts';
import { printable } from './printable.ts';
import { formatTable } from './table.ts';

const MAX_TOLD = 20;

/** An offer or a licence of a file, as it is in the service and as it would be. */
export interface FileChange {
  readonly name: string;
  /** Null where there is none yet. */
  readonly old: Terms | null;
  /** Without the members that the file leaves out and that therefore stay. */
  readonly terms: Terms;
}

/** All that a file names, also what it does not change. */
export function listFileChanges(
  stored: Answers['Catalogue'],
  { offers, licences, kept }: CatalogueFile,
): readonly FileChange[] {
  const old = new Map<string, Terms>([...stored.offers, ...stored.licences].map((terms) => [keyOf(terms), terms]));
  const named = [
    ...offers.map((offer) => ({ name: formatPlanName(offer.plan), terms: writeOffer(offer), left: [] })),
    ...licences.map((licence) => ({
      name: licence.id,
      terms: writeLicence(licence),
      left: kept?.get(licence) ?? [],
    })),
  ];
  return named.map(({ name, terms, left }) => ({
    name,
    old: old.get(keyOf(terms)) ?? null,
    terms: without(terms, left),
  }));
}

/** What the file takes away, by the name of the offer or licence. */
function listLosses(changes: readonly FileChange[]): readonly (readonly [name: string, losses: readonly string[]])[] {
  return changes
    .map(({ name, old, terms }) => [name, old === null ? [] : findLosses(old, terms)] as const)
    .filter(([, losses]) => losses.length > 0);
}

/** @returns null where the file takes nothing from anybody */
export function describeFileLosses(changes: readonly FileChange[]): string | null {
  const lines = listLosses(changes).map(([name, losses]) => `\n  ${printable(name)}: ${losses.join(', ')}`);
  if (lines.length === 0) return null;
  const more = lines.length > MAX_TOLD ? `\n  and ${lines.length - MAX_TOLD} more` : '';
  return `VMs that these changes leave out get no new licence:${lines.slice(0, MAX_TOLD).join('')}${more}`;
}

/** What would be written, for programs: the members that change, old and new, and what is lost. New ones are counted alone. */
export function writeFileChanges(changes: readonly FileChange[]) {
  const changed = changes.flatMap(({ name, old, terms }) => {
    if (old === null) return [];
    const before: Readonly<Record<string, unknown>> = old;
    const members = Object.entries(terms).filter(([member, value]) => !isDeepStrictEqual(before[member], value));
    const earlier = members.map(([member]) => [member, before[member] ?? null] as const);
    return members.length === 0 ? [] : [{ name, old: Object.fromEntries(earlier), new: Object.fromEntries(members) }];
  });
  return {
    old: Object.fromEntries(changed.map((one) => [one.name, one.old])),
    new: Object.fromEntries(changed.map((one) => [one.name, one.new])),
    effect: { losses: Object.fromEntries(listLosses(changes)) },
  };
}

const MAX_SHOWN = 100;

/** What would be written, for people: a line for each offer and licence that changes. New ones are counted alone. */
export function formatFileChanges(changes: readonly FileChange[], terminal: Terminal | null): string {
  const told = changes.flatMap(({ name, old, terms }) => {
    const change = old === null ? '' : describeMembers(old, { ...old, ...terms });
    return change === '' ? [] : [{ name, change }];
  });
  if (told.length === 0) return '';
  const table = formatTable(
    told.slice(0, MAX_SHOWN),
    [
      ['NAME', ({ name }) => name],
      ['CHANGE', ({ change }) => change],
    ],
    terminal,
  );
  return told.length > MAX_SHOWN ? `${table}and ${told.length - MAX_SHOWN} more\n` : table;
}

/** An offer is known by its plan, a licence by its id; names are compared in any case. */
function keyOf({ id, offer }: Terms): string {
  return JSON.stringify(id === undefined ? { offer } : { id }).toLowerCase();
}

/** @param left what the file does not say, and what therefore stays */
function without(terms: Terms, left: readonly string[]): Terms {
  return Object.fromEntries(Object.entries(terms).filter(([name]) => !left.includes(name)));
}
