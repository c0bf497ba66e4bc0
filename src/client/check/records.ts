import { ClientError } from '../clientError.ts';
import type { ClientCode } from '../clientError.ts';
import { DENIAL_FILE, LICENCE_FILE, MAX_FILE, parseDenialFile, parseLicenceFile } from '../folder/vmFiles.ts';
import type { LicenceFile } from '../folder/vmFiles.ts';
import { verifyDenial } from '../licence/denial.ts';
import { verifyLicence } from '../licence/licence.ts';
import type { LicenceClaims } from '../licence/licenceClaims.ts';
import { openKey } from '../licence/possession.ts';
import type { RememberedTime } from '../licence/rememberedTime.ts';
import type { Session } from '../session.ts';
import type { KeySet } from '../trust/keySet.ts';
import { newerOf, readKeptKeySet } from '../trust/trust.ts';

/** A kept licence: verified, all but whether its key is here and where its times stand. */
interface VerifiedLicence {
  readonly token: string;
  readonly claims: LicenceClaims;
  readonly keySet: KeySet;
  /** Of the chassis when it was issued; null where it could not be read. */
  readonly chassisTag: string | null;
  /** Never before the licence was issued. */
  readonly remembered: RememberedTime;
}

/** A licence in hand: the key that it is bound to has just signed. */
export interface HeldLicence extends VerifiedLicence {
  /** The key file is readable for others. */
  readonly isKeyExposed: boolean;
}

/** A kept denial. */
export interface KeptDenial {
  readonly code: string;
  /** NumericDate */
  readonly iat: number;
}

/** What the folder holds of one VM, as far as it counts. */
export interface VmRecord {
  readonly vmId: string;
  readonly licence: HeldLicence | undefined;
  /** One that no later licence has ended. */
  readonly denial: KeptDenial | undefined;
  /** The newest key set that has been seen. */
  readonly keySet: KeySet | undefined;
  /** What the licence's file says, whether it counts or not. */
  readonly file: LicenceFile | undefined;
  /** Why what is there does not count. */
  readonly fault: ClientError | undefined;
}

export function emptyRecord(vmId: string, fault?: ClientError): VmRecord {
  return { vmId, licence: undefined, denial: undefined, keySet: undefined, file: undefined, fault };
}

/**
 * Reads what the folder holds of one VM, and verifies all of it again: it may have been put there by anybody. What cannot be
 * used is a fault of the record, never an error.
 */
export async function readRecord(session: Session, vmId: string): Promise<VmRecord> {
  try {
    await session.folder.checkVm(vmId);
    const [licences, denials] = await Promise.all([
      readTexts(session, vmId, LICENCE_FILE),
      readTexts(session, vmId, DENIAL_FILE),
    ]);
    return await judge(session, vmId, licences, denials);
  } catch (error) {
    if (error instanceof ClientError) return emptyRecord(vmId, error);
    throw error;
  }
}

/** What the file holds, and what could not be written to it. */
async function readTexts({ folder, memory }: Session, vmId: string, name: string): Promise<readonly string[]> {
  const written = await folder.read(folder.join(vmId, name), MAX_FILE);
  return [written, memory.unwritten.get(`${vmId}/${name}`)].filter((text) => text !== undefined);
}

async function judge(
  session: Session,
  vmId: string,
  licenceTexts: readonly string[],
  denialTexts: readonly string[],
): Promise<VmRecord> {
  const kept = licenceTexts.map((text) => readKept(session, vmId, text));
  const denials = denialTexts.map((text) => readDenial(session, vmId, text)).filter((found) => found !== undefined);
  const keySet = [...kept, ...denials].map((found) => found?.keySet).reduce(newerOf, session.memory.newestKeySet);
  if (keySet?.signed !== undefined) session.memory.newestKeySet = keySet;
  const denial = denials.toSorted((one, other) => other.iat - one.iat).at(0);
  const verified = kept.map((found) => verifyKept(session, vmId, found, keySet));
  const newest = newestOf(verified.filter(isVerified));
  const fault = newest === undefined ? verified.find((found) => found instanceof ClientError) : undefined;
  // A denial ends with a licence that was issued later, and with nothing else.
  const isDenied = denial !== undefined && (newest === undefined || newest.claims.iat <= denial.iat);
  const file = kept.findLast((found) => found?.file.licence === newest?.token)?.file ?? kept.at(0)?.file;
  if (isDenied) return { vmId, licence: undefined, denial, keySet, file, fault: undefined };
  return { vmId, denial: undefined, keySet, file, ...(await possess(session, vmId, newest, fault)) };
}

interface Kept {
  readonly text: string;
  readonly file: LicenceFile;
  readonly keySet: KeySet | undefined;
}

function readKept({ memory, settings }: Session, vmId: string, text: string): Kept | undefined {
  return memory.recall(`kept:${vmId}`, text, () => {
    const file = parseLicenceFile(text);
    if (file === undefined) return undefined;
    return { text, file, keySet: readKeptKeySet(settings.trust, settings.issuer, file.keySet) };
  });
}

/** Under its own key set: it is newer than that, and a later one may no longer have the key. */
function readDenial({ memory, settings }: Session, vmId: string, text: string) {
  return memory.recall(`denial:${vmId}`, text, () => {
    const { issuer, product, trust } = settings;
    const file = parseDenialFile(text);
    const keySet = file === undefined ? undefined : readKeptKeySet(trust, issuer, file.keySet);
    if (file === undefined || keySet === undefined) return undefined;
    const verified = verifyDenial(file.denial, keySet, { issuer, product, vmId, proof: file.proof });
    return verified.verified ? { code: verified.code, iat: verified.iat, keySet } : undefined;
  });
}

/** Under the newest signed set: a key that has left it verifies nothing any more. */
function verifyKept(
  { memory, settings }: Session,
  vmId: string,
  kept: Kept | undefined,
  newest: KeySet | undefined,
): VerifiedLicence | ClientError {
  if (kept?.keySet === undefined) return new ClientError('cache_unusable');
  const { file, text } = kept;
  const keySet = newerOf(kept.keySet, newest) ?? kept.keySet;
  const input = `${JSON.stringify(keySet.kept)}\n${text}`;
  return memory.recall(`licence:${vmId}`, input, () => {
    try {
      const { issuer, product } = settings;
      const claims = verifyLicence(file.licence, keySet, { issuer, product, vmId });
      const { chassisTag, remembered } = file;
      const time = Math.max(remembered.time, claims.iat * 1000);
      return { token: file.licence, claims, keySet, chassisTag, remembered: { ...remembered, time } };
    } catch (error) {
      if (error instanceof ClientError) return error;
      throw error;
    }
  });
}

function isVerified(found: VerifiedLicence | ClientError): found is VerifiedLicence {
  return !(found instanceof ClientError);
}

/** Of one licence twice, as in a folder that cannot be written, the one with the later time. */
function newestOf(licences: readonly VerifiedLicence[]): VerifiedLicence | undefined {
  const byAge = (one: VerifiedLicence, other: VerifiedLicence): number =>
    other.claims.iat - one.claims.iat || other.remembered.time - one.remembered.time;
  return licences.toSorted(byAge).at(0);
}

/** Before a licence in hand counts, its key signs. */
async function possess(
  { keyStore }: Session,
  vmId: string,
  licence: VerifiedLicence | undefined,
  fault: ClientError | undefined,
): Promise<Pick<VmRecord, 'licence' | 'fault'>> {
  if (licence === undefined) return { licence, fault };
  try {
    const key = await openKey(keyStore, vmId, { create: false });
    if (key?.thumbprint !== licence.claims.cnf?.jkt) {
      return { licence: undefined, fault: new ClientError('licence_foreign', 'cnf') };
    }
    return { licence: { ...licence, isKeyExposed: key?.pair.fault !== undefined }, fault: undefined };
  } catch (error) {
    if (error instanceof ClientError) return { licence: undefined, fault: error };
    throw error;
  }
}

/** Faults that the service cannot cure: folder or key have to be set right first. */
const LOCAL_FAULTS: readonly ClientCode[] = ['folder_unusable', 'folder_exposed', 'key_unusable'];

export function localFaultOf({ fault }: VmRecord): ClientError | undefined {
  return fault !== undefined && LOCAL_FAULTS.includes(fault.code) ? fault : undefined;
}

/**
 * The record that counts while IMDS does not say which VM this is: the one with the newest word of the service, a licence or
 * a denial.
 */
export function newestRecord(records: readonly VmRecord[]): VmRecord | undefined {
  return records.toSorted((one, other) => newestWord(other) - newestWord(one)).at(0);
}

function newestWord({ licence, denial }: VmRecord): number {
  return licence?.claims.iat ?? denial?.iat ?? -1;
}
