import { setTimeout as pauseFor } from 'node:timers/promises';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { boot, createKey, send } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import type { SoakStack } from './soakStack.ts';

/** Seats of the fleet's licence. */
const SEATS = 20;
/** Milliseconds between two requests for a licence of one VM. */
const PERIOD = 1_000;

/** Who asks, and what the service says where nothing is wrong. */
interface Asker {
  readonly vm: string;
  readonly expected: string;
}

const ASKERS: readonly Asker[] = [
  ...Array.from({ length: SEATS }, (_, place) => ({ vm: `fleet-${place}`, expected: 'licence' })),
  ...Array.from({ length: 3 }, (_, place) => ({ vm: `fleet-${SEATS + place}`, expected: 'seats_exhausted' })),
  { vm: 'stranger', expected: 'subscription_not_licensed' },
  { vm: 'retired', expected: 'offer_suspended' },
];

export interface Sighting {
  readonly vm: string;
  readonly expected: string;
  /** `licence`, the code of a problem, or what is wrong with the answer. */
  readonly outcome: string;
  readonly isPassing: boolean;
  /** The fault that was on at any time since some seconds before it was asked. */
  readonly fault: string;
}

/** @param faultSince the fault that was on at any time since then, in milliseconds since the epoch */
export function createSoakLoad({ stack }: SoakStack, faultSince: (since: number) => string) {
  const { serviceUrl: baseUrl, imdsUrl } = stack;
  const keys = new Map(ASKERS.map(({ vm }) => [vm, createKey()]));
  const sightings: Sighting[] = [];
  const ask = async ({ vm, expected }: Asker, keySet: JSONWebKeySet): Promise<void> => {
    const since = Date.now();
    const key = keys.get(vm) ?? createKey();
    const answer = await boot({ baseUrl, issuer: baseUrl, imdsUrl, vm, key }).catch(() => null);
    const outcome = answer === null ? 'no answer' : await judge(answer, keySet, baseUrl);
    const isPassing = answer !== null && answer.body['retryable'] === true;
    sightings.push({ vm, expected, outcome, isPassing, fault: faultSince(since) });
  };
  return {
    sightings,
    /** The fleet takes its seats before anybody else asks. */
    start: async () => {
      const keySet = await readKeySet(baseUrl);
      for (const asker of ASKERS) await ask(asker, keySet);
    },
    /** Every VM asks again and again, until then. */
    run: async (until: number) => {
      const keySet = await readKeySet(baseUrl);
      await Promise.all(
        ASKERS.map(async (asker, place) => {
          await pauseFor((place * PERIOD) / ASKERS.length);
          while (Date.now() < until) {
            const next = Date.now() + PERIOD;
            await ask(asker, keySet);
            await pauseFor(Math.max(0, next - Date.now()));
          }
        }),
      );
    },
  };
}

async function readKeySet(baseUrl: string): Promise<JSONWebKeySet> {
  return (await send(`${baseUrl}/.well-known/jwks.json`)).body as unknown as JSONWebKeySet;
}

/** A licence counts where it is signed by a key that the service publishes. */
async function judge({ status, body }: Answer, keySet: JSONWebKeySet, issuer: string): Promise<string> {
  const { code } = body;
  if (status !== 200) return typeof code === 'string' ? code : `status ${status}`;
  const options = { issuer, algorithms: ['ES256'], typ: 'licence+jwt' };
  return jwtVerify(String(body['licence']), createLocalJWKSet(keySet), options).then(
    () => 'licence',
    () => 'a licence that does not verify',
  );
}
