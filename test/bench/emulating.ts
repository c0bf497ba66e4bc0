import { Agent, get } from 'node:http';
import { sign } from 'node:crypto';
import { attestedFacts, createDocumentMaker } from '../../src/emulator/endpoints/attestedDocuments.ts';
import { BUILT_IN_VMS } from '../../src/emulator/vms/builtInVms.ts';
import { createEmulator } from '../../src/emulator/server/emulator.ts';
import type { Candidate } from './rounds.ts';
import type { EmulatedSubject } from './subject.ts';

/** What the emulator is timed at: whole requests over one connection, client and emulator in one process on one core. */
export interface EmulatorCandidates {
  readonly candidates: readonly Candidate[];
  readonly close: () => Promise<void>;
}

export async function createEmulatorCandidates(subject: EmulatedSubject): Promise<EmulatorCandidates> {
  const { authority, leaf, content, options } = subject;
  const clock = () => options.at;
  const emulator = await createEmulator({ authority, clock, rateLimit: Infinity, prepared: true }).listen(0);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const signOnce = () => Promise.resolve(sign('sha256', content, leaf.keys.privateKey));
  const read = (path: string) => () => ask(emulator.url + path, agent);
  const make = createDocumentMaker(authority);
  const request = {
    ...attestedFacts(BUILT_IN_VMS[0]),
    apiVersion: '2025-04-07',
    createdOn: options.at,
    faults: [],
  } as const;
  const makeOnce = async () => JSON.stringify({ signature: Buffer.from(await make(request)).toString('base64') });
  const candidates = [
    repeat('emulatorSignature', signOnce),
    repeat('emulatorInstance', read('/metadata/instance?api-version=2025-04-07')),
    repeat('emulatorDocument', makeOnce),
    repeat('emulatorRequest', read('/metadata/attested/document?api-version=2025-04-07&nonce=1234567890')),
  ];
  const close = () => {
    agent.destroy();
    return emulator.close();
  };
  return { candidates, close };
}

function repeat(name: string, once: () => Promise<unknown>): Candidate {
  const run = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) await once();
  };
  return { name, run };
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { Metadata: 'true' } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`the emulator answered ${response.statusCode ?? 0}`));
      response.resume().once('end', resolve);
    });
    request.once('error', (error) => {
      // While others were timed, the connection was closed for having been idle.
      if (request.reusedSocket) ask(url, agent).then(resolve, reject);
      else reject(error);
    });
  });
}
