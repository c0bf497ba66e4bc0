import { expect, test } from 'vitest';
import { createAddressLimit } from '../../src/http/addressLimit.ts';
import { readClientAddress } from '../../src/http/addressLimit.ts';
import type { Answer, LicenceClient } from '../../src/client/index.ts';
import type { Backend } from '../client/campaign/world/network.ts';
import { problem } from '../client/campaign/world/simulatedService.ts';
import { World } from '../client/campaign/world/world.ts';

/*
 * A fleet behind one address (a NAT gateway) that boots at the same time: the real client and the service's own limiter at
 * its default rate, in virtual time. A fleet that did not get through would stay down together.
 */

const FLEET = 500;
/** Requests of one VM, to the service and to IMDS. */
const MAX_REQUESTS = 8;
/** The VM and its user data, the attested document: each once, however often the service is busy. */
const IMDS_REQUESTS = 2;
/** The default of RATE_LIMIT_PER_SECOND. */
const DEFAULT_RATE = 20;

interface Boot {
  readonly answer: Answer;
  readonly seconds: number;
  /** To the service and to IMDS. */
  readonly requests: number;
  readonly imdsRequests: number;
}

function createLimitedWorld(seed: number): World {
  const limit = createAddressLimit(DEFAULT_RATE, []);
  const address = readClientAddress('203.0.113.7:443', 0);
  const backend: Backend = ({ path, body }) => {
    const wait = path.startsWith('/.well-known/') ? 0 : limit(address, world.time.now);
    if (wait > 0) return { ...problem(429, 'rate_limited'), headers: { 'retry-after': String(wait) } };
    return world.service.answer(path, body);
  };
  const world: World = new World({ seed, backend });
  return world;
}

/** As the agent does: it watches, and the software starts when it may. */
async function untilLicensed(client: LicenceClient): Promise<Answer> {
  const ended = new AbortController();
  for await (const answer of client.watch({ signal: ended.signal })) {
    if (answer.state !== 'licensed') continue;
    ended.abort();
    return answer;
  }
  throw new Error('The watch ended without a licence.');
}

/** @param within milliseconds in which all of them start */
async function bootFleet(world: World, within: number): Promise<readonly Boot[]> {
  const started = world.time.now;
  const boot = async (index: number): Promise<Boot> => {
    const machine = world.createMachine(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
    await world.time.wait(world.random() * within);
    const answer = await untilLicensed(machine.start().createClient());
    const imdsRequests = machine.imds.requestTimes.length;
    const requests = world.network.requests.filter((request) => request.machine === machine).length + imdsRequests;
    return { answer, seconds: (world.time.now - started) / 1000, requests, imdsRequests };
  };
  const all = Promise.all(Array.from({ length: FLEET }, (_, index) => boot(index)));
  return (await world.time.run(all)) ?? [];
}

test.each([1, 2, 3, 4])(
  '500 VMs that boot at once behind one address are all licensed within four minutes, for at most eight requests each (seed %i)',
  async (seed) => {
    const world = createLimitedWorld(seed);
    const boots = await bootFleet(world, 1000);
    expect(new Set(boots.map(({ answer }) => answer.state))).toEqual(new Set(['licensed']));
    expect(Math.max(...boots.map(({ seconds }) => seconds))).toBeLessThan(240);
    expect(Math.max(...boots.map(({ requests }) => requests))).toBeLessThanOrEqual(MAX_REQUESTS);
    expect(new Set(boots.map(({ imdsRequests }) => imdsRequests))).toEqual(new Set([IMDS_REQUESTS]));
    expect(world.service.licences.size).toBe(FLEET);
  },
);
