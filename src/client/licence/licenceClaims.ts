import type { Features, LicenceClaims } from '../../contract/claims.ts';
import { dateMember, member, objectMember, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';

export type { LicenceClaims } from '../../contract/claims.ts';

type OptionalTerms = Pick<LicenceClaims['licence'], 'over' | 'trialEndsAt' | 'class'>;

const MAX_TEXT = 512;
const MAX_FEATURES = 256;

/** Reads the claims of a licence whose signature is good; undefined where one is missing or is not what it should be. */
export function readLicenceClaims(claims: JsonObject): LicenceClaims | undefined {
  const names = readTexts(claims, ['iss', 'sub', 'aud', 'jti']);
  const dates = readDates(claims, ['iat', 'nbf', 'exp']);
  const azure = asAzure(objectMember(claims, 'azure') ?? {});
  const licence = asTerms(objectMember(claims, 'licence') ?? {});
  const jkt = textMember(objectMember(claims, 'cnf') ?? {}, 'jkt', MAX_TEXT);
  if (names === undefined || dates === undefined || azure === undefined || licence === undefined) return undefined;
  const read = { ...names, ...dates, azure, licence };
  return jkt === undefined ? read : { ...read, cnf: { jkt } };
}

function asAzure(azure: JsonObject): LicenceClaims['azure'] | undefined {
  const names = readTexts(azure, ['cloud', 'subscriptionId', 'vmId']);
  const dates = readDates(azure, ['documentCreatedOn']);
  const sku = textMember(azure, 'sku', MAX_TEXT, 0);
  const region = asTextOrNull(azure, 'region');
  const licenseType = asTextOrNull(azure, 'licenseType');
  if (names === undefined || dates === undefined || sku === undefined) return undefined;
  if (region === undefined || licenseType === undefined) return undefined;
  return { ...names, ...dates, sku, region, licenseType };
}

function asTerms(licence: JsonObject): LicenceClaims['licence'] | undefined {
  const names = readTexts(licence, ['id']);
  const dates = readDates(licence, ['renewAfter', 'graceUntil']);
  const plan = readTexts(objectMember(licence, 'plan') ?? {}, ['publisher', 'product', 'name'], 0);
  const features = asFeatures(objectMember(licence, 'features'));
  if (names === undefined || dates === undefined || plan === undefined || features === undefined) return undefined;
  return { ...names, ...dates, plan, features, ...asOptionalTerms(licence) };
}

/** Nothing is decided on these: a value of another kind is left out. */
function asOptionalTerms(licence: JsonObject): OptionalTerms {
  const over = member(licence, 'over');
  const trialEndsAt = dateMember(licence, 'trialEndsAt');
  const kind = textMember(licence, 'class', MAX_TEXT);
  return {
    ...(typeof over === 'boolean' ? { over } : {}),
    ...(trialEndsAt === undefined ? {} : { trialEndsAt }),
    ...(kind === undefined ? {} : { class: kind }),
  };
}

function asFeatures(object: JsonObject | undefined): Features | undefined {
  if (object === undefined) return undefined;
  const entries = Object.entries(object);
  const sound = entries.every(([, value]) => ['boolean', 'number', 'string'].includes(typeof value));
  return sound && entries.length <= MAX_FEATURES ? (object as Features) : undefined;
}

/** `undefined` where it is neither; `null` is a claim too. */
function asTextOrNull(object: JsonObject, name: string): string | null | undefined {
  return member(object, name) === null ? null : textMember(object, name, MAX_TEXT, 0);
}

function readTexts<Name extends string>(
  object: JsonObject,
  names: readonly Name[],
  shortest = 1,
): Record<Name, string> | undefined {
  const read = names.map((name) => [name, textMember(object, name, MAX_TEXT, shortest)] as const);
  const complete = read.every(([, value]) => value !== undefined);
  return complete ? (Object.fromEntries(read) as Record<Name, string>) : undefined;
}

function readDates<Name extends string>(object: JsonObject, names: readonly Name[]): Record<Name, number> | undefined {
  const read = names.map((name) => [name, dateMember(object, name)] as const);
  const complete = read.every(([, value]) => value !== undefined);
  return complete ? (Object.fromEntries(read) as Record<Name, number>) : undefined;
}
