import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { CLOUD_NAMES } from '../../contract/clouds.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { Recorded } from '../../contract/stored.ts';
import type { TrustEntry, TrustKey, TrustStore } from '../../trust/live/trustEntry.ts';
import { printableName } from '../../trust/live/unknownIssuer.ts';
import { writePem } from '../../trust/pem.ts';
import { reportTrust } from '../../trust/trustStatus.ts';
import type { CloudStatus } from '../../trust/trustStatus.ts';
import { signerRules } from '../../verifier/signerRules.ts';
import { parseCertificate } from '../../verifier/x509/certificate.ts';
import { RequestError } from '../../http/requestError.ts';
import { NO_BODY, jsonBody } from '../edge/bodies.ts';
import { writeRecord } from '../edge/versions.ts';
import { deletedSchema } from '../../contract/operators/records.ts';
import {
  digest,
  distrustBody,
  distrustSchema,
  issuerList,
  pinBody,
  pinSchema,
  trustReport,
} from '../../contract/operators/trust.ts';
import type { CloudStatusJson, DistrustJson, PinJson } from '../../contract/operators/trust.ts';
import { judgePin } from '../../trust/live/judgePin.ts';
import { trustRecordKey } from '../changes/changeStates.ts';
import { answerTrial, deleteOne, describeChange, reportTrial } from '../writes/oneRow.ts';
import type { Described } from '../writes/oneRow.ts';
import { findTrustEffect } from './trustEffect.ts';
import type { TrustEffectNeeds } from './trustEffect.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Answer, Call, OperatorRoute } from '../edge/route.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';
import type { IssuerStore } from '../../trust/live/unknownIssuer.ts';

export interface TrustNeeds {
  readonly trust: LiveTrust;
  readonly store: TrustEffectNeeds['store'] & TrustStore & Pick<IssuerStore, 'listIssuers'>;
  readonly acceptedClouds: readonly string[];
}

const defineRoute = routesThatNeed<TrustNeeds>();

const readTrust = defineRoute({
  ...{ name: 'readTrust', role: 'Reader' },
  summary: 'Reports trust status: complete paths, missing and ending certificates, operators’ pins and distrusts',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: trustReport },
  codes: [],
  handle: async ({ needs: { trust, store, acceptedClouds }, change: { at } }) => {
    const [{ material }, rows] = await Promise.all([trust.refresh(at), store.listTrust()]);
    const options = { acceptedClouds, rules: signerRules(true), at };
    const { version, verdict: worst, clouds } = reportTrust(material, options);
    const value = {
      ...{ at: formatInstant(at), version, verdict: worst, clouds: clouds.map(writeCloud) },
      ...{ pins: rows.filter(isPin).map(writePin), distrusts: rows.filter(isDistrust).map(writeDistrust) },
    };
    return { value };
  },
});

const listIssuers = defineRoute({
  ...{ name: 'listUnknownIssuers', role: 'Reader' },
  summary: 'Issuers of signers’ certificates that no pin knows, as strangers may have written them: a reason to look',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY },
  answer: { mediaType: 'application/json', schema: issuerList },
  codes: [],
  handle: async ({ needs }) => {
    const issuers = await needs.store.listIssuers();
    const items = issuers.map(({ name, cloud, firstSeen, lastSeen, count }) => ({
      ...{ name: printableName(name), cloud, count },
      ...{ firstSeen: formatInstant(firstSeen), lastSeen: formatInstant(lastSeen) },
    }));
    return { value: { items, cloud: null } };
  },
});

const addPin = defineRoute({
  ...{ name: 'addPin', role: 'Admin' },
  summary: 'Pins a CA for a cloud; on every instance within a minute',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(pinBody), creates: true },
  answer: { mediaType: 'application/json', schema: pinSchema },
  codes: ['name_taken', 'in_use', 'changed_meanwhile'],
  handle: async (call) => {
    const { needs, body, change } = call;
    const { material } = await needs.trust.refresh(change.at);
    if (!material.manifests.some(({ cloud }) => cloud === body.cloud)) {
      throw new RequestError('request_malformed', 'This service knows no pins of that cloud.');
    }
    const judged = judgePin({ ...body, pem: body.certificate }, material, change.at);
    if (!judged.ok) throw new RequestError('request_malformed', judged.reason);
    const { certificate, role } = judged;
    const entry = { kind: 'pin', cloud: body.cloud, sha256: certificate.sha256, role, note: body.note } as const;
    const { row, isNew } = await insert(call, { ...entry, der: certificate.der });
    return { value: writePin(row), version: row.version, isNew };
  },
});

const addDistrust = defineRoute({
  ...{ name: 'addDistrust', role: 'Admin' },
  summary: 'Distrusts a leaf, a CA or a key by its SHA-256, which beats every pin; on every instance within a minute',
  ...{ params: NOTHING, query: NOTHING, body: jsonBody(distrustBody), creates: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: distrustSchema },
  codes: ['name_taken', 'in_use', 'changed_meanwhile'],
  handle: async (call) => {
    const entry = { kind: 'distrust', ...call.body } as const;
    if (call.dryRun) {
      const effect = await findTrustEffect(call.needs, entry, (entries) => [...entries, entry], call.change.at);
      const affected = [{ id: `distrust ${entry.sha256}`, version: null }];
      return { value: reportTrial({ old: null, new: call.body, effect, affected }) };
    }
    const { row, isNew } = await insert(call, entry);
    return { value: writeDistrust(row), version: row.version, isNew };
  },
});

const deletePin = defineRoute({
  ...{ name: 'deletePin', role: 'Admin' },
  summary: 'Takes an operator’s pin back; those of the package stay, and can be distrusted',
  params: z.strictObject({ cloud: z.enum(CLOUD_NAMES), sha256: digest }),
  ...{ query: NOTHING, body: NO_BODY, ifMatch: true, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'changed_meanwhile'],
  handle: (call) => remove(call, { kind: 'pin', ...call.params }),
});

const deleteDistrust = defineRoute({
  ...{ name: 'deleteDistrust', role: 'Admin' },
  summary: 'Takes a distrust back',
  params: z.strictObject({ sha256: digest }),
  ...{ query: NOTHING, body: NO_BODY, ifMatch: true },
  answer: { mediaType: 'application/json', schema: deletedSchema },
  codes: ['not_found', 'changed_meanwhile'],
  handle: (call) => remove(call, { kind: 'distrust', ...call.params }),
});

export const TRUST_ROUTES: readonly OperatorRoute<TrustNeeds>[] = [
  ...[readTrust, listIssuers, addPin, addDistrust, deletePin, deleteDistrust],
];

type AnyCall = Call<TrustNeeds>;

/** Every instance reads all of it, three times a minute. */
const MAX_ENTRIES = 500;

type PinEntry = Extract<TrustEntry, { kind: 'pin' }>;
type DistrustEntry = Extract<TrustEntry, { kind: 'distrust' }>;

interface Inserted<T> {
  readonly row: Recorded<T>;
  readonly isNew: boolean;
}

/** The same again is success; another note, or another role, is not silently put over what is there. */
async function insert<T extends TrustEntry>({ needs, change, record }: AnyCall, entry: T): Promise<Inserted<T>> {
  const { store, trust } = needs;
  const present = await readSame(store, entry);
  if (present !== null) return { row: present, isNew: false };
  if ((await store.listTrust()).length >= MAX_ENTRIES) {
    throw new RequestError('in_use', `There are ${MAX_ENTRIES} pins and distrusts. Remove old ones first.`);
  }
  await record(describeChange(described(entry), { value: entry, stored: null }));
  const written = await store.writeTrust(entry, null, change);
  if (written.outcome === 'written') {
    await trust.refresh(change.at);
    return { row: { value: entry, version: written.version, change }, isNew: true };
  }
  const rival = await readSame(store, entry);
  if (rival === null) throw new RequestError('changed_meanwhile', 'It was removed at the same time. Reload and retry.');
  return { row: rival, isNew: false };
}

/** @throws {RequestError} `name_taken` where something else stands there */
async function readSame<T extends TrustEntry>(store: TrustStore, entry: T): Promise<Recorded<T> | null> {
  const present = await store.readTrust(entry);
  if (present === null) return null;
  if (isSameEntry(present.value, entry)) return { ...present, value: entry };
  throw new RequestError('name_taken', 'It already exists with another note. Remove it first to change it.');
}

function isSameEntry(left: TrustEntry, right: TrustEntry): boolean {
  const plain = (entry: TrustEntry) =>
    entry.kind === 'pin' ? { ...entry, der: Buffer.from(entry.der).toString('hex') } : entry;
  return isDeepStrictEqual(plain(left), plain(right));
}

async function remove(call: AnyCall, key: TrustKey): Promise<Answer<{ deleted: true }>> {
  const { store, trust } = call.needs;
  const present = await store.readTrust(key);
  if (present === null) throw new RequestError('not_found', 'No operator has written this.');
  if (call.dryRun) {
    const old = isPin(present) ? writePin(present) : isDistrust(present) ? writeDistrust(present) : null;
    const effect = await findTrustEffect(
      call.needs,
      key,
      (entries) => entries.filter((entry) => !isOf(entry, key)),
      call.change.at,
    );
    const affected = [{ id: `${key.kind} ${trustRecordKey(key)}`, version: present.version }];
    return answerTrial(present, call, { old, new: null, effect, affected });
  }
  const answer = await deleteOne(present, call, described(present.value), (version) => store.deleteTrust(key, version));
  await trust.refresh(call.change.at);
  return answer;
}

/** In the record of its change: a certificate by its name and end. */
function described(entry: TrustEntry): Described<TrustEntry> {
  return {
    ...{ kind: entry.kind, key: trustRecordKey(entry) },
    show: (value) => (value.kind === 'pin' ? showPin(value) : { sha256: value.sha256, note: value.note }),
  };
}

function isOf(entry: TrustEntry, key: TrustKey): boolean {
  const isSame = entry.kind === key.kind && entry.sha256 === key.sha256;
  return isSame && (entry.kind === 'distrust' || key.kind === 'distrust' || entry.cloud === key.cloud);
}

function isPin(row: Recorded<TrustEntry>): row is Recorded<PinEntry> {
  return row.value.kind === 'pin';
}

function isDistrust(row: Recorded<TrustEntry>): row is Recorded<DistrustEntry> {
  return row.value.kind === 'distrust';
}

function writePin({ value, ...record }: Recorded<PinEntry>): PinJson {
  return { ...showPin(value), certificate: writePem(value.der), ...writeRecord(record) };
}

function showPin({ cloud, sha256, role, der, note }: PinEntry) {
  const { commonName, notAfter } = parseCertificate(der);
  return { cloud, sha256, role, name: commonName ?? sha256, notAfter: formatInstant(notAfter), note };
}

function writeDistrust({ value, ...record }: Recorded<DistrustEntry>): DistrustJson {
  return { sha256: value.sha256, note: value.note, ...writeRecord(record) };
}

function writeCloud({ pathUntil, path, ...cloud }: CloudStatus): CloudStatusJson {
  const { missing, missingHistoric, withoutPath, expired, endingSoon, distrusted } = cloud;
  return {
    ...{ cloud: cloud.cloud, domain: cloud.domain, accepted: cloud.accepted, verdict: cloud.verdict },
    ...{ pathUntil: pathUntil === null ? null : formatInstant(pathUntil), path: [...path] },
    ...{ missing: missing.map(writeStatus), missingHistoric: missingHistoric.map(writeStatus) },
    ...{ withoutPath: withoutPath.map(writeStatus), expired: expired.map(writeStatus) },
    ...{ endingSoon: endingSoon.map(writeStatus), distrusted: distrusted.map(writeStatus) },
  };
}

function writeStatus({
  notBefore,
  notAfter,
  ...pin
}: CloudStatus['missing'][number]): CloudStatusJson['missing'][number] {
  return { ...pin, notBefore: formatInstant(notBefore), notAfter: formatInstant(notAfter) };
}
