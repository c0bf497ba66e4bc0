import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import { readConfig } from '../../src/app/config.ts';
import { createService } from '../../src/app/service.ts';
import type { Service } from '../../src/app/service.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import { startAzurite } from '../../src/dev/azurite.ts';
import { startIssuer } from '../../src/dev/issuer/startIssuer.ts';
import type { EdgeRequest, Reply } from '../../src/http/edge.ts';
import { licenceEntity } from '../../src/tables/catalogue/catalogueRow.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';

/*
 * How long operators' largest requests hold an instance at a time: the longest gap in its event loop, in which nobody else
 * is answered. The service runs in this process, over a store in another one.
 */

interface Held {
  readonly name: string;
  readonly status: number;
  /** Milliseconds of the whole request. */
  readonly took: number;
  /** Milliseconds of the longest gap. */
  readonly held: number;
}

/** Each is a write of its own. */
const NEW = 300;
const RUNS = 2;
/** As many licences as a body of 256 KiB has room for. */
const IN_A_BODY = 800;

export async function measureOperators(count: number): Promise<string> {
  return writeReport(await measureAll(count));
}

function writeReport(held: readonly Held[]): string {
  const rows = held.map(
    ({ name, status, took, held: longest }) => `| ${name} | ${status} | ${Math.round(took)} | ${Math.round(longest)} |`,
  );
  const heading = [
    '| request | status | took, ms | longest without a turn for others, ms |',
    '| --- | --- | --- | --- |',
  ];
  return `${[...heading, ...rows].join('\n')}\n`;
}

async function measureAll(count: number): Promise<readonly Held[]> {
  return withService(async ({ service, token, connectionString }) => {
    await fill(connectionString, count);
    const held: Held[] = [];
    for (const asked of listRequests(count)) held.push(await measureRepeatedly(service, token, asked));
    return held;
  });
}

/** A service of this process, an Admin's token for it, and its store, in which the tables begin with `bench`. */
export interface Stage {
  readonly service: Service;
  readonly token: string;
  readonly connectionString: string;
}

export async function withService<T>(run: (stage: Stage) => Promise<T>): Promise<T> {
  const azurite = await startAzurite();
  const issuer = await startIssuer();
  try {
    const { connectionString } = azurite;
    await createTablesStore({ connection: { connectionString }, tablePrefix: 'bench' }).ensureTables();
    const service = await createService(readConfig(settings(connectionString, issuer.settings)), { now: Date.now });
    return await run({ service, token: await issuer.issueToken({ roles: ['Admin'] }), connectionString });
  } finally {
    await Promise.all([azurite.stop(), issuer.close()]);
  }
}

/** In transactions: one at a time takes minutes. */
async function fill(connectionString: string, count: number): Promise<void> {
  const table = TableClient.fromConnectionString(connectionString, 'benchlicences', { allowInsecureConnection: true });
  const { licences } = parseCatalogue({
    licences: Array.from({ length: count }, (_, index) => licence(index, 'a note')),
  });
  for (let from = 0; from < count; from += 100) {
    const rows = licences.slice(from, from + 100);
    await table.submitTransaction(rows.map((row) => ['create', licenceEntity(row, { by: 'bench', at: Date.now() })]));
  }
}

function settings(connectionString: string, others: Readonly<Record<string, string>>) {
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  return {
    ...{ ISSUER: 'http://127.0.0.1:9', TABLES_CONNECTION_STRING: connectionString, TABLE_PREFIX: 'bench' },
    RATE_LIMIT_PER_SECOND: '100000',
    ...{ SIGNING_KEY: pem.toString(), CHALLENGE_SECRETS: `a:${randomBytes(32).toString('base64url')}` },
    ...others,
  };
}

export interface Asked {
  readonly name: string;
  readonly route: string;
  readonly query?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly mediaType?: string;
}

function listRequests(count: number): readonly Asked[] {
  const subscription = subscriptionOf(0);
  const note = 'é"\n'.repeat(60);
  const licences = Array.from({ length: Math.min(count, IN_A_BODY) }, (_, index) => licence(index, 'a note'));
  const file = JSON.stringify({ offers: [OFFER], licences });
  const noted = JSON.stringify({ offers: [OFFER], licences: licences.slice(0, NEW).map((one) => ({ ...one, note })) });
  const added = JSON.stringify({ licences: Array.from({ length: NEW }, (_, index) => licence(count + index, '')) });
  const csv = writeCsv(Math.min(count, IN_A_BODY));
  const wide = { query: 'dryRun=true', mediaType: 'text/csv', body: 'note,'.repeat(50_000) };
  const empty = `{"licences":[${'{},'.repeat(80_000)}{}]}`;
  const json = 'application/json';
  return [
    { name: 'an offer', route: 'applyCatalogue', mediaType: json, body: JSON.stringify({ offers: [OFFER] }) },
    { name: 'a header of 50,000 columns', route: 'importLicences', ...wide },
    { name: '80,000 empty entries', route: 'applyCatalogue', query: 'dryRun=true', mediaType: json, body: empty },
    { name: 'apply, tried', route: 'applyCatalogue', query: 'dryRun=true', mediaType: json, body: file },
    { name: 'apply, tried, long notes', route: 'applyCatalogue', query: 'dryRun=true', mediaType: json, body: noted },
    { name: 'import, tried', route: 'importLicences', query: 'dryRun=true', mediaType: 'text/csv', body: csv },
    { name: 'apply of 300 new ones', route: 'applyCatalogue', mediaType: json, body: added },
    { name: 'apply again', route: 'applyCatalogue', mediaType: json, body: file },
    { name: 'import again', route: 'importLicences', mediaType: 'text/csv', body: csv },
    { name: 'export of licences as CSV', route: 'exportLicences' },
    { name: 'export of the catalogue', route: 'readCatalogue' },
    { name: 'list of 1,000 licences', route: 'listLicences', query: 'limit=1000' },
    { name: 'export of usage', route: 'exportUsage', query: 'from=2026-01-01&to=2026-12-31' },
    {
      name: 'export of privacy',
      route: 'exportPrivacy',
      query: 'limit=1000',
      params: { cloud: 'AzurePublicCloud', subscription },
    },
  ];
}

const OFFER = { offer: 'contoso/gateway/standard', mode: 'licensed' } as const;

const subscriptionOf = (index: number) => `aaaaaaaa-0000-4000-8000-${String(index).padStart(12, '0')}`;

function licence(index: number, note: string) {
  return {
    ...{ id: `licence-${index}`, cloud: 'AzurePublicCloud', subscription: subscriptionOf(index), offer: OFFER.offer },
    ...{ seats: 50, skus: ['standard', 'premium'], features: { nodes: 8 }, validUntil: '2027-01-01T00:00:00Z' },
    ...{ customer: { name: 'Fabrikam', reference: `C-${index}` }, note },
  };
}

function writeCsv(count: number): string {
  const rows = Array.from(
    { length: count },
    (_, index) =>
      `licence-${index},AzurePublicCloud,${subscriptionOf(index)},${OFFER.offer},50,standard;premium,"{""nodes"":8}",2027-01-01T00:00:00Z,Fabrikam,C-${index},a note`,
  );
  const header = 'id,cloud,subscription,offer,seats,skus,features,validUntil,customer,customerReference,note';
  return `${header}\r\n${rows.join('\r\n')}\r\n`;
}

/** The least of some: what was compiled or collected meanwhile is not the request's. The first is not counted. */
async function measureRepeatedly(service: Service, token: string, asked: Asked): Promise<Held> {
  const runs: Held[] = [];
  for (let run = 0; run <= RUNS; run += 1) runs.push(await measure(service, token, asked));
  return runs.slice(1).reduce((best, one) => (one.held < best.held ? one : best));
}

async function measure(service: Service, token: string, asked: Asked): Promise<Held> {
  const ask = prepare(service, token, asked);
  const gaps = watchGaps();
  await pause(20);
  gaps.reset();
  const started = performance.now();
  const { status } = await ask();
  const took = performance.now() - started;
  await pause(1);
  return { name: asked.name, status, took, held: gaps.stop() };
}

/** The request, ready to be sent. */
export function prepare(service: Service, token: string, asked: Asked): () => Promise<Reply> {
  const { useCase } = service.routes.find(({ name }) => name === asked.route) ?? fail(asked.route);
  return () => useCase(createRequest(token, asked));
}

/**
 * Looks how long it takes until it has its turn again, over and over. The thread's own time counts, so that what other
 * processes do does not.
 */
function watchGaps() {
  let longest = 0;
  let last = threadTime();
  let isOver = false;
  const look = (): void => {
    const now = threadTime();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  look();
  return {
    reset: () => {
      longest = 0;
    },
    stop: () => {
      isOver = true;
      return longest;
    },
  };
}

/** Milliseconds. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function fail(route: string): never {
  throw new Error(`There is no route ${route}.`);
}

function createRequest(token: string, { query = '', params = {}, body = '', mediaType, route }: Asked): EdgeRequest {
  const octets = Buffer.from(body);
  const headers: Readonly<Record<string, string | undefined>> = {
    authorization: `Bearer ${token}`,
    'content-type': mediaType,
    'content-length': `${octets.length}`,
    'x-forwarded-for': '203.0.113.7:1',
  };
  return {
    ...{ method: body === '' ? 'GET' : 'POST', path: `/operator/v1/${route}`, params },
    query: new URLSearchParams(query),
    header: (name) => headers[name] ?? null,
    readBody: () => Promise.resolve(octets),
    log: () => undefined,
  };
}
