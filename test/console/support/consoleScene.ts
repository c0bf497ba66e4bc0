import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { licenceIdOf } from '../../../src/catalogue/seatPool.ts';
import type { SeatPool } from '../../../src/catalogue/seatPool.ts';
import { bootVm } from '../../../src/dev/bootVm.ts';
import type { Stack } from '../../../src/dev/stack.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { operate, useStack } from '../../operators/useStack.ts';
import { createTestTables } from '../../support/azurite.ts';
import { CHROMIUM, findChromiumAbsence } from '../../support/chromium.ts';
import { DAY } from '../../support/licensing.ts';
import { fillHistory } from './fillHistory.ts';
import type { History } from './fillHistory.ts';

const absent = findChromiumAbsence();
// The reporter shows that tests are skipped, but not why.
if (absent !== null && process.env['TEST_PROGRAMS'] === '1') {
  process.stderr.write(`The console's tests in a browser are skipped: ${absent}\n`);
}

export const hasNoBrowser = absent !== null;

/** Every page in every form takes minutes: `npm run full` does it, and whoever makes the pictures of the documentation. */
export const takesNoPictures =
  hasNoBrowser || (process.env['CONSOLE_PICTURES'] !== '1' && process.env['DOCS_PICTURES'] !== '1');

/** A thousand characters that are to do harm: markup, other directions, no width, controls, one long word. */
export const HOSTILE_NOTE = [
  '<script>alert(1)</script><img src=x onerror=alert(2)> "\' ${x} {{x}} ',
  'right \u202Eot tfel\u202C שלום مرحبا zero\u200Bwidth bell\u0007 ',
  'second line\nthird line ',
]
  .join('')
  .padEnd(1_000, 'x');

export const HOSTILE_NAME = 'Ev\u202Eil <b>Customer</b> שלום';

const OFFER = 'contoso/gateway/standard';
const SUBSCRIPTION = 'aaaaaaaa-0000-4000-8000-000000000001';
const METERED = 'contoso/gateway/metered';
const other = (number: number) => `dddddddd-0000-4000-8000-${String(number).padStart(12, '0')}`;

const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();

/** Licences in every state, and customers as they come. */
const CATALOGUE = {
  offers: [
    { offer: OFFER, mode: 'licensed', clouds: ['emulator'], skus: ['standard-2'], requireKey: false, keyChanges: 1 },
    { offer: 'contoso/gateway/early', mode: 'licensed', clouds: ['emulator'] },
    { offer: 'contoso/gateway/retired', mode: 'licensed', clouds: ['emulator'], status: 'suspended' },
    { offer: METERED, mode: 'marketplace', clouds: ['emulator'], seats: 'unlimited' },
    { offer: 'planPublisher/planProduct/planName', mode: 'licensed', clouds: ['emulator'] },
  ],
  licences: [
    {
      ...{ id: 'fabrikam-2026', cloud: 'emulator', subscription: SUBSCRIPTION, offer: OFFER, seats: 3 },
      ...{ customer: { name: 'Fabrikam Residences', reference: 'C-4711' }, validUntil: '2027-03-31T00:00:00Z' },
      note: 'Renewal is being negotiated. Ask sales before anything is suspended.',
    },
    {
      ...{ id: 'hostile', cloud: 'emulator', subscription: other(1), offer: OFFER, seats: 1 },
      ...{ customer: { name: HOSTILE_NAME }, note: HOSTILE_NOTE },
    },
    {
      ...{ id: 'northwind', cloud: 'emulator', subscription: other(2), offer: OFFER, seats: 250, status: 'suspended' },
      customer: { name: 'Northwind Traders' },
    },
    {
      ...{ id: 'tailspin', cloud: 'emulator', subscription: other(3), offer: OFFER, seats: 'unlimited' },
      ...{ customer: { name: 'Tailspin Toys' }, validUntil: '2026-01-01T00:00:00Z', validFrom: '2025-01-01T00:00:00Z' },
    },
    {
      ...{ id: 'wingtip', cloud: 'emulator', subscription: other(4), offer: OFFER, seats: 12 },
      ...{ customer: { name: 'Wingtip Toys' }, validFrom: '2099-01-01T00:00:00Z' },
    },
    {
      ...{ id: 'adventure', cloud: 'emulator', subscription: other(6), offer: OFFER, seats: 30 },
      ...{ customer: { name: 'Adventure Works', reference: 'C-4802' }, validUntil: inDays(12) },
    },
    {
      ...{ id: 'contoso-hotels', cloud: 'emulator', subscription: other(7), offer: OFFER, seats: 120, overage: 5 },
      ...{ customer: { name: 'Contoso Hotels', reference: 'C-4519' }, validUntil: inDays(45) },
    },
    { id: 'retired', cloud: 'emulator', subscription: other(5), offer: 'contoso/gateway/retired', seats: 2 },
    {
      id: 'demonstration',
      cloud: 'emulator',
      subscriptions: '*',
      offer: 'planPublisher/planProduct/planName',
      seats: 10,
    },
  ],
};

const plan = { publisher: 'contoso', product: 'gateway', name: 'standard' };

const VMS = {
  vms: [
    ...['first', 'second', 'third', 'fourth', 'fifth', 'sixth'].map((name, index) => ({
      ...{ name, vmId: `11111111-0000-4000-8000-00000000000${index + 1}`, subscriptionId: SUBSCRIPTION, plan },
      ...{ location: 'westeurope', sku: ['fourth', 'fifth'].includes(name) ? 'other' : 'standard-2' },
    })),
    // Of a subscription that has no licence.
    {
      ...{ name: 'stranger', vmId: '11111111-0000-4000-8000-000000000007', subscriptionId: other(9), plan },
      ...{ location: 'westeurope', sku: 'standard-2' },
    },
  ],
};

export const VM_ID = '11111111-0000-4000-8000-000000000001';
export const OTHER_VM_ID = '11111111-0000-4000-8000-000000000003';

const METERED_POOL: SeatPool = {
  ...{ kind: 'marketplace', cloud: 'emulator', subscriptionId: other(20) },
  plan: { publisher: 'contoso', product: 'gateway', name: 'metered' },
};

/** Of the month before. */
const HISTORY: Omit<History, 'now'> = {
  offer: OFFER,
  pools: [
    {
      ...{ pool: { kind: 'licence', id: 'adventure' }, licenceId: 'adventure', subscriptionId: other(6), offer: OFFER },
      ...{ vms: 37, vmsBefore: 12 },
    },
    {
      ...{ pool: { kind: 'licence', id: 'contoso-hotels' }, licenceId: 'contoso-hotels', subscriptionId: other(7) },
      ...{ offer: OFFER, vms: 64, vmsBefore: 58 },
    },
    {
      ...{ pool: METERED_POOL, licenceId: licenceIdOf(METERED_POOL), subscriptionId: other(20), offer: METERED },
      ...{ vms: 8, vmsBefore: 2 },
    },
  ],
  refusals: [
    { code: 'seats_exhausted', licenceId: 'fabrikam-2026', subscriptionId: SUBSCRIPTION, today: 14, yesterday: 5 },
    { code: 'licence_suspended', licenceId: 'northwind', subscriptionId: other(2), today: 9, yesterday: 9 },
    { code: 'subscription_not_licensed', licenceId: null, subscriptionId: other(30), today: 6, yesterday: 0 },
    { code: 'licence_expired', licenceId: 'tailspin', subscriptionId: other(3), today: 3, yesterday: 11 },
    { code: 'key_changed', licenceId: 'contoso-hotels', subscriptionId: other(7), today: 1, yesterday: 2 },
  ],
};

export interface ConsoleScene {
  readonly stack: Stack;
  readonly browser: Browser;
  /** Boots one of the VMs, with a key of its own. */
  readonly boot: (vm: string) => ReturnType<typeof boot>;
  /** The same by the shipped client, as a customer's VM does. */
  readonly bootByClient: (vm: string) => ReturnType<typeof bootVm>;
}

/** Somebody has changed something already. */
async function raiseSeats(stack: Stack): Promise<void> {
  const { etag = '' } = (await operate(stack, 'GET /licences/adventure')).body as { etag?: string };
  const query = `reason=${encodeURIComponent('Bought ten more, order 5521')}`;
  const options = {
    body: { seats: 40 },
    headers: { 'If-Match': etag, 'Content-Type': 'application/merge-patch+json' },
  };
  const { status } = await operate(stack, `PATCH /licences/adventure?${query}`, options);
  if (status !== 200) throw new Error(`The seats were not raised: ${status}.`);
}

/** The stack of `npm start` with customers, VMs that have booted, and a browser, for the tests of one file. */
export function useConsoleScene(): () => ConsoleScene {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-console-'));
  const write = (name: string, value: unknown) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  };
  const files = { catalogueFile: write('catalogue.json', CATALOGUE), vmFile: write('vms.json', VMS) };
  const tables = createTestTables();
  const stack = hasNoBrowser ? null : useStack({ ...files, built: true, store: tables });
  let browser: Browser | undefined;
  const bootOne = (vm: string) => {
    const { serviceUrl: baseUrl, imdsUrl } = stack?.() ?? { serviceUrl: '', imdsUrl: '' };
    return boot({
      baseUrl,
      issuer: baseUrl,
      imdsUrl,
      vm,
      key: createKey(),
      change: { label: `gateway ${vm}`, client: 'gateway/2.1' },
    });
  };
  const bootByClient: ConsoleScene['bootByClient'] = async (vm) => {
    if (stack === null) throw new Error('The stack is there only while tests run.');
    const progress = () => undefined;
    return bootVm(stack(), { folder: join(folder, vm), once: true, progress, vm, product: 'contoso/gateway' });
  };
  beforeAll(async () => {
    if (stack === null) return;
    // Root has no sandbox in Chromium; what it opens here is ours.
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    for (const vm of ['first', 'second', 'third', 'fourth']) await bootOne(vm);
    await bootByClient('second');
    await raiseSeats(stack());
    await fillHistory(tables, { ...HISTORY, now: Date.now() });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (stack === null || browser === undefined) throw new Error('The scene is there only while tests run.');
    return { stack: stack(), browser, boot: bootOne, bootByClient };
  };
}
