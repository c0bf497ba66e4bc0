import { ManagedIdentityCredential } from '@azure/identity';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { parseScenario } from '../../src/emulator/scenario/scenario.ts';
import { startEmulator, type StartedEmulator } from '../../src/emulator/server/startEmulator.ts';
import { PassingTimer, sharedAuthority } from './running.ts';

/*
 * Microsoft's own library as a client of the emulator. It keeps the address of IMDS and the tokens of its process, so that
 * there is one emulator, and each test needs an audience of its own.
 */

const timer = new PassingTimer();
let emulator: StartedEmulator | undefined;
let statuses: number[] = [];

beforeAll(async () => {
  const log = ({ status }: { status: number }) => void statuses.push(status);
  const authority = await sharedAuthority();
  emulator = await startEmulator({ port: 0, authority, log, timer, rateLimit: Infinity });
  process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = emulator.url;
});
afterAll(() => emulator?.close());
afterEach(() => {
  statuses = [];
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const getToken = (audience: string) => new ManagedIdentityCredential().getToken(`https://${audience}/.default`);

const begin = (...steps: readonly object[]) =>
  emulator?.control.setScenario(parseScenario(JSON.stringify({ steps }), 'outage'));

test('@azure/identity gets a token', async () => {
  // It takes the time twice, and is a second off where that ends between.
  vi.useFakeTimers({ toFake: ['Date'] });
  const { token, expiresOnTimestamp } = await getToken('vault.azure.net');
  const claims = decodeJwt(token);
  expect(claims).toMatchObject({ iss: `${emulator?.url ?? ''}/identity`, aud: 'https://vault.azure.net' });
  expect(expiresOnTimestamp).toBe((claims.exp ?? 0) * 1000);
  expect(statuses).toEqual([200]);
});

/** The library's own waits are over at once, and the time passes that they would have taken. */
function hurry(): number[] {
  const waits: number[] = [];
  const wait = globalThis.setTimeout;
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((end, milliseconds = 0, ...rest: []) => {
    if (milliseconds < 1_000) return wait(end, milliseconds, ...rest);
    waits.push(milliseconds);
    timer.pass(milliseconds);
    return wait(end, 0, ...rest);
  });
  return waits;
}

/** Each of its five waits is shortened by chance to between the half and the whole: 46.5 to 93 seconds, 69.75 in the middle. */
test('@azure/identity survives 410 for a minute with its mean waits', async () => {
  await begin({ for: '60s', endpoint: 'identity', answer: 410 });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const waits = hurry();
  await getToken('storage.azure.com');
  expect(waits.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(60_000);
  expect(statuses).toEqual([...waits.map(() => 410), 200]);
});

test('@azure/identity gets no token where the Metadata Security Protocol does not allow its process', async () => {
  await begin({ requests: 1, answer: 'forbidden' });
  await expect(getToken('management.azure.com')).rejects.toThrow('ManagedIdentityCredential');
  expect(statuses).toEqual([403]);
});
