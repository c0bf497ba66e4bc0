import { parsePoolName, poolName } from '../../catalogue/seatPool.ts';
import type { SeatPool } from '../../catalogue/seatPool.ts';
import type { SubscriptionKey } from '../../catalogue/holding.ts';
import { dayOf, dayStart } from '../../contract/dayHours.ts';
import { formatInstant } from '../../contract/instants.ts';
import { writeLicence } from '../../contract/operators/licence.ts';
import { writeOverride } from '../../contract/operators/override.ts';
import type { PrivacyItemJson } from '../../contract/operators/privacy.ts';
import { formatPlanName } from '../../contract/planName.ts';
import { decodeContinuation, encodeContinuation } from '../../contract/continuation.ts';
import { ContinuationError } from '../../contract/stored.ts';
import type { PageRequest } from '../../contract/stored.ts';
import type { OperatorRequest } from '../../http/operatorRequest.ts';
import type { SummedHours, VmHours } from '../../usage/store.ts';
import { writeItem } from '../vms/activationRoutes.ts';
import type { ChangeRecord } from '../../decisions/changes.ts';
import { writeChange } from '../changes/changeRoutes.ts';
import { writeDecision } from '../look/decisionRoutes.ts';
import { isOf, nextPoolOf, readEntitlements } from './privacySubject.ts';
import type { Entitlements, PrivacyStore } from './privacySubject.ts';

/** In the order in which an export has them. */
const PARTS = ['entitlements', 'activations', 'hours', 'decisions', 'changes', 'requests'] as const;
type Part = (typeof PARTS)[number];

/** Where a page begins: `rest` is the store's own continuation, or how many items of the part were told. */
interface Place {
  readonly part: Part;
  readonly pool: SeatPool | null;
  readonly rest: string | null;
}

interface PrivacyPage {
  readonly items: readonly PrivacyItemJson[];
  readonly next: string | null;
  readonly unreadable: readonly string[];
}

/** Items, and what follows in the same part or pool; `null`: nothing. */
interface Read {
  readonly items: readonly PrivacyItemJson[];
  readonly rest: string | null;
  readonly unreadable?: readonly string[];
}

/**
 * A page of everything that is kept of a subscription: what operators wrote, activations, hours, decisions, operators' changes, answers to operators. It may have no
 * items though there are more.
 *
 * @throws ContinuationError
 * @throws StoreUnavailableError
 */
export async function exportPrivacy(
  store: PrivacyStore,
  of: SubscriptionKey,
  { size, continuation }: PageRequest,
): Promise<PrivacyPage> {
  const place = continuation === undefined ? { part: PARTS[0], pool: null, rest: null } : parsePlace(continuation);
  const { items, rest, unreadable = [] } = await readPart(store, of, place, size);
  const next = rest === null ? await nextPlace(store, of, place) : { ...place, rest };
  return { items, next: next === null ? null : formatPlace(next), unreadable };
}

function readPart(store: PrivacyStore, of: SubscriptionKey, { part, pool, rest }: Place, size: number): Promise<Read> {
  switch (part) {
    case 'entitlements':
      return readWritten(store, of, { size, told: parseCount(rest) });
    case 'decisions':
      return readDecisions(store, of, { size, continuation: rest ?? undefined });
    case 'changes':
      return readChanges(store, of, { size, continuation: rest ?? undefined });
    case 'requests':
      return readRequests(store, of, { size, continuation: rest ?? undefined });
    case 'activations':
      return pool === null ? NONE : readActivations(store, of, pool, { size, continuation: rest ?? undefined });
    case 'hours':
      return pool === null ? NONE : readHours(store, of, pool, { size, told: parseCount(rest) });
  }
}

const NONE: Promise<Read> = Promise.resolve({ items: [], rest: null });

/** The next pool of the same part, or the beginning of the next part. */
async function nextPlace(store: PrivacyStore, of: SubscriptionKey, { part, pool }: Place): Promise<Place | null> {
  if (part === 'activations' || part === 'hours') {
    const next = await nextPoolOf(store, of, pool === null ? null : poolName(pool));
    if (next !== null) return { part, pool: next, rest: null };
  }
  const following = PARTS[PARTS.indexOf(part) + 1];
  return following === undefined ? null : { part: following, pool: null, rest: null };
}

interface Told {
  readonly size: number;
  readonly told: number;
}

async function readWritten(store: PrivacyStore, of: SubscriptionKey, { size, told }: Told): Promise<Read> {
  const entitlements = await readEntitlements(store, of);
  const all = [...listWritten(entitlements, of), ...(await listLicenceChanges(store, entitlements))];
  const end = told + size;
  return { items: all.slice(told, end), rest: end < all.length ? `${end}` : null };
}

function listWritten({ licences, holdings, trials, overrides, claims }: Entitlements, of: SubscriptionKey) {
  return [
    ...licences.map((one) => item('licence', one.id, { ...writeLicence(one) })),
    ...holdings.map(({ plan, licences: ids, since, former }) =>
      item('holding', formatPlanName(plan), { licences: ids, since: formatInstant(since), formerPools: former }),
    ),
    ...trials.map(({ plan, startedAt, endsAt, seats }) =>
      item('trial', formatPlanName(plan), {
        startedAt: formatInstant(startedAt),
        endsAt: formatInstant(endsAt),
        seats,
      }),
    ),
    ...overrides.map(({ plan, override }) => item('override', formatPlanName(plan), { ...writeOverride(override) })),
    ...claims.map(({ id, licenceId, used }) => {
      const uses = used.filter((use) => isOf(use, of)).map(({ at, done }) => ({ at: formatInstant(at), done }));
      return item('claim', id, { licence: licenceId, uses });
    }),
  ];
}

/** They may name the customer and the subscription. */
async function listLicenceChanges(
  store: PrivacyStore,
  { licences }: Entitlements,
): Promise<readonly PrivacyItemJson[]> {
  const items: PrivacyItemJson[] = [];
  for (const { id } of licences) {
    let continuation: string | undefined;
    do {
      const page = await store.pageChanges({ kind: 'licence', key: id }, { size: 1_000, continuation });
      items.push(...page.items.map(writeChangeItem));
      continuation = page.next ?? undefined;
    } while (continuation !== undefined);
  }
  return items;
}

async function readChanges(store: PrivacyStore, of: SubscriptionKey, page: PageRequest): Promise<Read> {
  const { items, next, unreadable } = await store.pageChanges({ of }, page);
  return { items: items.map(writeChangeItem), rest: next, unreadable };
}

function writeChangeItem(record: ChangeRecord): PrivacyItemJson {
  return item('change', record.id, { ...writeChange(record, record.state) });
}

async function readRequests(
  store: PrivacyStore,
  { subscriptionId }: SubscriptionKey,
  page: PageRequest,
): Promise<Read> {
  const { items, next, unreadable } = await store.pageRequestsNaming(subscriptionId, page);
  return { items: items.map(writeRequest), rest: next, unreadable };
}

function writeRequest({ route, key, operator, at, answer }: OperatorRequest): PrivacyItemJson {
  return item('request', key, { route, operator, at: formatInstant(at), answer: answer?.body ?? null });
}

async function readActivations(
  store: PrivacyStore,
  of: SubscriptionKey,
  pool: SeatPool,
  page: PageRequest,
): Promise<Read> {
  const { items, next, unreadable } = await store.pageActivations({ pool, of }, page);
  const written = items.map((stored) => {
    const { id, ...data } = writeItem(stored.pool, stored);
    const { issuedAt, expiresAt } = stored.value;
    return item('activation', id, { ...data, issuedAt: formatInstant(issuedAt), expiresAt: formatInstant(expiresAt) });
  });
  return { items: written, rest: next, unreadable };
}

/** The ledger has no days after this one. */
const LAST_DAY = dayOf(Date.UTC(3000, 0));

async function readHours(
  store: PrivacyStore,
  of: SubscriptionKey,
  pool: SeatPool,
  { size, told }: Told,
): Promise<Read> {
  const items: PrivacyItemJson[] = [];
  let seen = 0;
  const all = { vms: { after: null, last: null }, of };
  for await (const rows of store.readHours(pool, { from: 0, until: LAST_DAY }, all)) {
    const fresh = rows.slice(Math.max(0, told - seen));
    seen += rows.length;
    items.push(...fresh.slice(0, size - items.length).map((row) => hoursItem(pool, row)));
    if (told + items.length < seen) return { items, rest: `${told + items.length}` };
  }
  return { items, rest: null };
}

function hoursItem(pool: SeatPool, row: VmHours | SummedHours): PrivacyItemJson {
  const day = formatInstant(dayStart(row.day)).slice(0, 10);
  const of = { pool: poolName(pool), licence: row.licenceId, offer: row.offer, day };
  if (row.vmId === null) return item('hours', `${of.pool}/${day}`, { ...of, vmsByHour: row.counts });
  const hours = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => ((row.hours >> hour) & 1) === 1);
  return item('hours', `${of.pool}/${row.vmId}/${day}`, { ...of, vmId: row.vmId, hours });
}

async function readDecisions(store: PrivacyStore, of: SubscriptionKey, page: PageRequest): Promise<Read> {
  const { items, next, unreadable } = await store.pageDecisions(of, page);
  return { items: items.map((one) => item('decision', one.id, { ...writeDecision(one) })), rest: next, unreadable };
}

function item(what: PrivacyItemJson['what'], id: string, data: Readonly<Record<string, unknown>>): PrivacyItemJson {
  return { what, id, data: { ...data } };
}

function formatPlace({ part, pool, rest }: Place): string {
  const name = pool === null ? null : poolName(pool);
  return encodeContinuation([part, name, rest]);
}

/** It opens nothing: the subscription stays that of the address. */
function parsePlace(continuation: string): Place {
  const [name, pool, rest] = decodeContinuation(continuation);
  const part = PARTS.find((one) => one === name);
  const parsed = typeof pool === 'string' ? parsePoolName(pool) : null;
  const isRest = rest === null || typeof rest === 'string';
  if (part === undefined || (pool !== null && parsed === null) || !isRest) throw isOfNoList();
  return { part, pool: parsed, rest };
}

function parseCount(rest: string | null): number {
  if (rest === null) return 0;
  if (/^\d{1,9}$/.test(rest)) return Number(rest);
  throw isOfNoList();
}

function isOfNoList(): ContinuationError {
  return new ContinuationError('The continuation is not one of this list: begin the list anew.');
}
