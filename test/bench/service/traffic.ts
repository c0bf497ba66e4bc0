import { askChallenge, createKey, post, prove, readDocument, send } from '../../endToEnd/protocolClient.ts';
import type { Challenge, ClientKey } from '../../endToEnd/protocolClient.ts';

/** The VMs of a fleet, and the requests that they send to one process of the service. */
export interface Traffic {
  readonly url: string;
  readonly issuer: string;
  readonly imdsUrl: string;
}

export interface BenchVm {
  readonly name: string;
  readonly key: ClientKey;
}

/** VMs that have not been there before, `from` of them left out. */
export function listVms(count: number, from: number): readonly BenchVm[] {
  return Array.from({ length: count }, (_, index) => ({ name: `fleet-${from + index}`, key: createKey() }));
}

/** One after the other, as from a VM that keeps its connection. */
export async function sendAll<T, U>(items: readonly T[], sendOne: (item: T) => Promise<U>): Promise<U[]> {
  const answers: U[] = [];
  for (const item of items) answers.push(await sendOne(item));
  return answers;
}

export function askFor({ url }: Traffic, vm: BenchVm): Promise<Challenge> {
  return askChallenge(url, vm.key);
}

/** The body of `POST /v1/licences`, ready to be sent. */
export async function answer({ issuer, imdsUrl }: Traffic, vm: BenchVm, challenge: Challenge): Promise<string> {
  const document = await readDocument(imdsUrl, vm.name, challenge.nonce);
  const proof = await prove(challenge, vm.key, `${issuer}/v1/licences`);
  return JSON.stringify({ challenge: challenge.challenge, document, proof });
}

export async function askLicence({ url }: Traffic, body: string): Promise<void> {
  const { status, text } = await post(`${url}/v1/licences`, body);
  if (status !== 200) throw new Error(`A licence was refused: ${text}`);
}

export async function read({ url }: Traffic, path: string): Promise<void> {
  const { status } = await send(`${url}${path}`);
  if (status !== 200) throw new Error(`${path} was answered ${status}.`);
}

/** Each VM once, whether it has a licence or not. */
export async function bootAll(traffic: Traffic, vms: readonly BenchVm[]): Promise<void> {
  for (const vm of vms) await askLicence(traffic, await answer(traffic, vm, await askFor(traffic, vm)));
}
