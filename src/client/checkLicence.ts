import { forgetLicence, keepLicence, readHeldLicence, rememberTime, standingNow } from './cache.ts';
import type { HeldLicence } from './cache.ts';
import { ClientError } from './clientError.ts';
import { Imds } from './imds.ts';
import { openKey } from './key.ts';
import { denied, fallBack, licensed, licensedUnkept, troubleOfError } from './outcome.ts';
import type { LicenceCheck, Trouble } from './outcome.ts';
import { renewLicence } from './renewal.ts';
import type { Renewal } from './renewal.ts';
import type { Session } from './session.ts';
import { parseOptions } from './settings.ts';
import type { CheckOptions } from './settings.ts';

/** While a licence at hand is valid, nobody waits longer than this for a newer one, in milliseconds. */
const PATIENCE_WHILE_VALID = 10_000;

/**
 * Answers whether this VM is licensed to run the product: from the licence at hand while that is current, else with a new
 * one from the service. Whatever fails is an answer too, with a code and what to do; nothing is thrown but faults of the
 * program itself.
 */
export async function checkLicence(options: CheckOptions): Promise<LicenceCheck> {
  try {
    const session = await openSession(options);
    const held = await readHeldLicence(session.settings, session.key.thumbprint);
    if (held !== undefined) await rememberTime(session.settings, held);
    return await useOrRenew(session, held);
  } catch (error) {
    if (error instanceof ClientError) return troubleOfError(error);
    throw error;
  }
}

async function openSession(options: CheckOptions): Promise<Session> {
  const settings = await parseOptions(options);
  const key = await openKey(settings.files.key);
  settings.report({ step: 'key', created: key.created, thumbprint: key.thumbprint });
  const { imdsUrl: baseUrl, report, surroundings } = settings;
  return { settings, key, imds: new Imds({ baseUrl, report, surroundings }) };
}

/** The cache may have come here in a captured image, so IMDS is asked whose machine this is before it is believed. */
async function useOrRenew(session: Session, held: HeldLicence | undefined): Promise<LicenceCheck> {
  const vmId = await readVmId(session, held);
  if (vmId instanceof ClientError) return standBy(session, held, troubleOfError(vmId));
  const ours = held?.claims.azure.vmId === vmId ? held : undefined;
  session.settings.report({ step: 'vm', vmId, cachedLicenceIsOurs: ours !== undefined });
  if (ours !== undefined && isCurrent(session, ours)) return licensed(ours.claims);
  const deadline = deadlineOf(session, ours);
  const renewal = await renewLicence(session, { vmId, keptKeySet: ours?.keySet, deadline });
  return conclude(session, ours, renewal);
}

async function readVmId(session: Session, held: HeldLicence | undefined): Promise<string | ClientError> {
  try {
    return await session.imds.readVmId(deadlineOf(session, held));
  } catch (error) {
    if (error instanceof ClientError) return error;
    throw error;
  }
}

async function conclude(session: Session, ours: HeldLicence | undefined, renewal: Renewal): Promise<LicenceCheck> {
  const { settings } = session;
  switch (renewal.outcome) {
    case 'issued': {
      const { token, claims, keySet } = renewal;
      const kept = await keepLicence(settings, token, claims.iat, keySet);
      return kept ? licensed(claims) : licensedUnkept(claims, new ClientError('cache_not_written'));
    }
    case 'denied':
      await forgetLicence(settings);
      return denied(renewal.code, renewal.problem);
    case 'failed':
      return standBy(session, ours, renewal.trouble);
  }
}

/** The rules of grace: no outage and no unsigned refusal ends a licence at hand before its time. */
function standBy({ settings }: Session, held: HeldLicence | undefined, trouble: Trouble): LicenceCheck {
  if (held === undefined) return trouble;
  return fallBack({ claims: held.claims, standing: standingNow(held, settings.surroundings.now()) }, trouble);
}

function isCurrent({ settings }: Session, held: HeldLicence): boolean {
  return standingNow(held, settings.surroundings.now()) === 'current';
}

/** By the monotonic clock. */
function deadlineOf({ settings }: Session, held: HeldLicence | undefined): number {
  const { once, patience, surroundings } = settings;
  if (once) return -Infinity;
  const standing = held === undefined ? 'ended' : standingNow(held, surroundings.now());
  const isValid = standing === 'current' || standing === 'due';
  return surroundings.monotonic() + (isValid ? Math.min(patience, PATIENCE_WHILE_VALID) : patience);
}
