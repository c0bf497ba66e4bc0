import { asObject, member, parseJsonObject, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import type { RememberedTime } from '../licence/rememberedTime.ts';
import { MAX_TOKEN } from '../tokens/compactToken.ts';

/** The files of one VM, as text and back. Only their form is checked here; nothing is verified. */
export const LICENCE_FILE = 'licence.json';
export const DENIAL_FILE = 'denial.json';

/** Octets: a licence and a key set of the greatest length, and the rest. */
export const MAX_FILE = 64 * 1024;

export interface LicenceFile {
  readonly licence: string;
  /** Unverified: a `KeptKeySet`, unless the file was changed. */
  readonly keySet: unknown;
  /** The chassis asset tag when the licence was issued; null where it could not be read. */
  readonly chassisTag: string | null;
  readonly remembered: RememberedTime;
  /** It was imported: the VM may have no way to the service. */
  readonly byFile?: true;
}

export interface DenialFile {
  readonly denial: string;
  readonly keySet: unknown;
  /** The proof that the denial answers. */
  readonly proof: string;
}

const MAX_TAG = 256;
const MAX_BOOT_ID = 128;
/** Milliseconds: as far as a JavaScript date reaches. */
const MAX_TIME = 8.64e15;

/** @returns undefined where a member is absent or is not what it should be: then none of the file is used */
export function parseLicenceFile(text: string): LicenceFile | undefined {
  const object = parseJsonObject(text) ?? {};
  const licence = textMember(object, 'licence', MAX_TOKEN);
  const chassisTag = textOrNull(object, 'chassisTag', MAX_TAG);
  const remembered = parseRememberedTime(asObject(member(object, 'remembered')) ?? {});
  if (licence === undefined || chassisTag === undefined || remembered === undefined) return undefined;
  const byFile = member(object, 'byFile') === true ? ({ byFile: true } as const) : {};
  return { licence, keySet: member(object, 'keySet'), chassisTag, remembered, ...byFile };
}

export function formatLicenceFile({ licence, keySet, chassisTag, remembered, byFile }: LicenceFile): string {
  return JSON.stringify({ licence, keySet, chassisTag, remembered, byFile });
}

export function parseDenialFile(text: string): DenialFile | undefined {
  const object = parseJsonObject(text) ?? {};
  const denial = textMember(object, 'denial', MAX_TOKEN);
  const proof = textMember(object, 'proof', MAX_TOKEN);
  return denial === undefined || proof === undefined ? undefined : { denial, proof, keySet: member(object, 'keySet') };
}

export function formatDenialFile({ denial, keySet, proof }: DenialFile): string {
  return JSON.stringify({ denial, keySet, proof });
}

function parseRememberedTime(object: JsonObject): RememberedTime | undefined {
  const [time, wall, uptime] = ['time', 'wall', 'uptime'].map((name) => timeMember(object, name));
  const bootId = textOrNull(object, 'bootId', MAX_BOOT_ID);
  if (time === undefined || wall === undefined || uptime === undefined || bootId === undefined) return undefined;
  return { time, wall, uptime, bootId };
}

function timeMember(object: JsonObject, name: string): number | undefined {
  const value = member(object, name);
  return typeof value === 'number' && value >= 0 && value <= MAX_TIME ? value : undefined;
}

function textOrNull(object: JsonObject, name: string, longest: number): string | null | undefined {
  return member(object, name) === null ? null : textMember(object, name, longest, 0);
}
