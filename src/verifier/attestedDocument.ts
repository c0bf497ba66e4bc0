import type { AttestedPlan } from '../contract/attestation.ts';
import { EvidenceError, readPart } from './evidenceError.ts';
import { JsonError, parseStrictJson } from '../contract/strictJson.ts';
import type { JsonValue } from '../contract/strictJson.ts';

/** The signed content, read: every claim a string where Azure writes strings, absent ones null. Times are milliseconds. */
export interface AttestedDocument {
  readonly vmId: string | null;
  readonly subscriptionId: string | null;
  readonly sku: string | null;
  readonly licenseType: string | null;
  readonly plan: AttestedPlan | null;
  readonly nonce: string | null;
  readonly createdOn: number | null;
  readonly expiresOn: number | null;
}

/** Claims that a decision may rest on; older api-versions, which the client picks, lack some of them. */
export type RequiredClaim = 'vmId' | 'subscriptionId' | 'sku' | 'plan' | 'nonce' | 'timeStamp';

const CONTENT = { part: 'content', check: 'content', code: 'document_malformed', kind: JsonError } as const;

type Members = ReadonlyMap<string, JsonValue>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TIME = /^(\d\d)\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) -0000$/;

/**
 * Reads the content of an attested document. Members that are not known are left alone: Azure adds some now and then.
 *
 * @throws {EvidenceError} `document_malformed`
 */
export function parseAttestedDocument(content: Uint8Array): AttestedDocument {
  const json = readPart(CONTENT, () => parseStrictJson(content));
  const members = readMembers(json, 'the content');
  const plan = members.get('plan');
  const timeStamp = members.get('timeStamp');
  const times = timeStamp === undefined ? null : readMembers(timeStamp, 'timeStamp');
  return {
    vmId: readUuid(members, 'vmId'),
    subscriptionId: readUuid(members, 'subscriptionId'),
    sku: readText(members, 'sku'),
    licenseType: readText(members, 'licenseType'),
    plan: plan === undefined ? null : readPlan(readMembers(plan, 'plan')),
    nonce: readText(members, 'nonce'),
    createdOn: times === null ? null : readInstant(times, 'createdOn'),
    expiresOn: times === null ? null : readInstant(times, 'expiresOn'),
  };
}

/**
 * @throws {EvidenceError} `claim_missing`
 */
export function checkClaims(document: AttestedDocument, required: readonly RequiredClaim[]): void {
  for (const claim of required) {
    const value = claim === 'timeStamp' ? document.createdOn : document[claim];
    if (value !== null) continue;
    throw new EvidenceError('content', 'claim_missing', `${claim} is not in the document`, {
      code: 'claim_missing',
      claim,
    });
  }
}

function readMembers(value: JsonValue, where: string): Members {
  return value instanceof Map ? (value as Members) : malformed(`${where} is not an object`);
}

function readText(members: Members, name: string): string | null {
  const value = members.get(name);
  if (value === undefined) return null;
  return typeof value === 'string' ? value : malformed(`${name} is not a string`);
}

/** An empty one says nothing, so it counts as absent. */
function readUuid(members: Members, name: string): string | null {
  const text = readText(members, name);
  if (text === null || text === '') return null;
  return UUID.test(text) ? text.toLowerCase() : malformed(`${name} is not a UUID`);
}

function readPlan(members: Members): AttestedPlan {
  return {
    publisher: readText(members, 'publisher'),
    product: readText(members, 'product'),
    name: readText(members, 'name'),
  };
}

/** `MM/dd/yy HH:mm:ss -0000`, of this century. */
function readInstant(members: Members, name: string): number | null {
  const text = readText(members, name);
  return text === null ? null : (parseAzureTime(text) ?? malformed(`${name} is not a time`));
}

/** @returns milliseconds since the epoch; null where the text is not in Azure's form, or no such time exists */
export function parseAzureTime(text: string): number | null {
  const digits = TIME.exec(text);
  if (digits === null) return null;
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = digits.slice(1).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const instant = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  const date = new Date(instant);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? instant : null;
}

function malformed(detail: string): never {
  throw new EvidenceError('content', 'document_malformed', detail);
}
