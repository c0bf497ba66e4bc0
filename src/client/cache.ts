import type { LicenceClaims } from '../contract/claims.ts';
import { ClientError, systemErrorCode } from './clientError.ts';
import { parseKeySet } from './keySet.ts';
import type { KeySet } from './keySet.ts';
import { verifyLicence } from './licence.ts';
import { member, parseJsonObject, textMember } from './members.ts';
import { LONGEST_TOKEN } from './compactToken.ts';
import { deletePrivateFile, readPrivateFile, replacePrivateFile } from './privateFile.ts';
import type { Settings } from './settings.ts';
import { CLOCK_SKEW, standingOf } from './standing.ts';
import type { Standing } from './standing.ts';

/** A verified licence with the keys that it was verified under. */
export interface HeldLicence {
  readonly token: string;
  readonly claims: LicenceClaims;
  readonly keySet: KeySet;
  /** The newest time that this machine has seen while it held the licence, in milliseconds since the epoch. */
  readonly newestTime: number;
}

const LARGEST_CACHE = 128 * 1024;

/**
 * Where the licence stands now. A clock that was set back does not lengthen it: the newest time seen counts.
 */
export function standingNow(held: HeldLicence, now: number): Standing {
  return standingOf(held.claims, Math.max(now, held.newestTime));
}

/**
 * Reads and verifies the licence kept from an earlier check, all but its VM and its times. One that cannot be used is the
 * same as none: it is reported, and stays until a new one takes its place.
 *
 * @param thumbprint of our key
 * @throws {ClientError} `folder_unusable`
 */
export async function readHeldLicence(settings: Settings, thumbprint: string): Promise<HeldLicence | undefined> {
  const { report, surroundings } = settings;
  try {
    const text = await readCacheFile(settings.files.licence);
    const held = text === undefined ? undefined : await verifyKept(text, settings, thumbprint);
    report({ step: 'cache', found: held === undefined ? 'nothing' : standingNow(held, surroundings.now()) });
    return held;
  } catch (error) {
    if (!(error instanceof ClientError) || error.code === 'folder_unusable') throw error;
    report({ step: 'cache', found: 'unusable', code: error.code });
    return undefined;
  }
}

async function readCacheFile(path: string): Promise<string | undefined> {
  try {
    return await readPrivateFile(path, LARGEST_CACHE);
  } catch (error) {
    if (error instanceof RangeError) throw new ClientError('cache_unusable');
    throw new ClientError('folder_unusable', systemErrorCode(error));
  }
}

async function verifyKept(text: string, settings: Settings, thumbprint: string): Promise<HeldLicence> {
  const cache = parseJsonObject(text);
  const token = cache === undefined ? undefined : textMember(cache, 'licence', LONGEST_TOKEN);
  if (cache === undefined || token === undefined) throw new ClientError('cache_unusable');
  const keySet = settings.keySet ?? (await parseKeySet(member(cache, 'keySet')));
  const { issuer, product } = settings;
  const claims = await verifyLicence(token, keySet, { issuer, product, thumbprint });
  const seen = await readNewestTime(settings.files.newestTime);
  return { token, claims, keySet, newestTime: Math.max(seen, claims.iat * 1000) };
}

/** Zero where there is no sound one: the licence's own issue time, which is signed, stands in. */
async function readNewestTime(path: string): Promise<number> {
  const text = (await readCacheFile(path)) ?? '';
  return /^\d{1,16}$/.test(text) ? Number(text) : 0;
}

/**
 * Remembers that it is so late, in a file of its own: a check that only looks must never put an old licence in the place of
 * one that another process has just had renewed. Says where the clock has been set back.
 */
export async function rememberTime(settings: Settings, held: HeldLicence): Promise<void> {
  const { files, report, surroundings } = settings;
  const now = surroundings.now();
  const behind = held.newestTime - now;
  if (behind > CLOCK_SKEW) report({ step: 'clock_set_back', milliseconds: behind });
  if (behind >= 0) return;
  await attemptWrite(settings, () => replacePrivateFile(files.newestTime, String(now)));
}

/**
 * Keeps a licence that has just been issued and verified. Its issue time becomes the newest time, back as well as forwards:
 * it is the service's word, and frees a machine whose clock was wrong once.
 *
 * @returns whether it could be written
 */
export async function keepLicence(settings: Settings, token: string, iat: number, keySet: KeySet): Promise<boolean> {
  const text = JSON.stringify({ licence: token, keySet: keySet.jwks });
  return attemptWrite(settings, async () => {
    await replacePrivateFile(settings.files.licence, text);
    await replacePrivateFile(settings.files.newestTime, String(iat * 1000));
  });
}

/** @returns whether it is gone */
export async function forgetLicence(settings: Settings): Promise<boolean> {
  return attemptWrite(settings, () => deletePrivateFile(settings.files.licence));
}

/** A full or read-only disk does not take a valid licence away; it is said, and the check goes on. */
async function attemptWrite(settings: Settings, write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    settings.report({ step: 'cache_not_written', code });
    return false;
  }
}
