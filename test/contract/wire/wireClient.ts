import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ImdsReply, KeyStore, ServiceFetch } from '../../../src/client/adapters.ts';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../../src/client/index.ts';
import type { LicenceClient } from '../../../src/client/index.ts';
import { keyOf, signEs256 } from './recording.ts';
import type { Step } from './recording.ts';

/** What a client is surrounded by. */
export interface Surroundings {
  readonly issuer: string;
  readonly imdsUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly fetch: ServiceFetch;
  /** @param path with the query, below the VM's own address */
  readonly requestImds: (path: string, url: string) => Promise<ImdsReply>;
}

export const ROOT = keyOf('root');
export const SIGNING = keyOf('signing');
export const clientKey = (vm: string) => keyOf(`client on ${vm}`);

/** Azure's, by which the client sees that it is on a VM at all. */
const CHASSIS_TAG = '7783-7084-3265-9085-8269-3286-77';

/** The present client on one VM: each has a folder of its own, in which it keeps what it was given. */
export function createWireClients(surroundings: Surroundings): (step: Step) => LicenceClient {
  const folders = new Map<string, string>();
  const folderOf = (vm: string): string => {
    const folder = folders.get(vm) ?? mkdtempSync(join(tmpdir(), 'countersign-wire-'));
    if (!folders.has(vm)) {
      onTestFinished(() => {
        rmSync(folder, { recursive: true });
      });
    }
    folders.set(vm, folder);
    return folder;
  };
  return (step) => createLicenceClient(optionsOf(surroundings, step, folderOf(step.vm)));
}

function optionsOf({ issuer, imdsUrl, now, fetch, requestImds }: Surroundings, step: Step, folder: string) {
  const vmUrl = `${imdsUrl}/vms/${step.vm}`;
  const clocks = {
    ...REAL_ADAPTERS.clocks,
    ...{ now, uptime: now, monotonic: now, bootId: () => 'one boot', sleep: () => Promise.resolve() },
  };
  return {
    ...{ issuer, product: 'contoso/gateway', folder, once: true, imdsUrl: vmUrl, ...step.options },
    ...(step.rooted && { trust: { rootKeys: [ROOT.thumbprint] } }),
    adapters: {
      ...{ clocks, fetch, keyStore: keyStoreOf(step.vm), random: () => 0.5 },
      chassisTag: () => Promise.resolve({ readable: true, tag: CHASSIS_TAG } as const),
      requestImds: ({ url }: { readonly url: string }) => requestImds(url.slice(vmUrl.length), url),
    },
  };
}

function keyStoreOf(vm: string): KeyStore {
  const key = clientKey(vm);
  const pair = { jwk: key.jwk, sign: (octets: Uint8Array) => Promise.resolve(signEs256(key, octets)) };
  return { open: () => Promise.resolve(pair) };
}

/** @returns what a caller of the client goes by */
export async function runStep(client: LicenceClient, { call }: Step): Promise<Readonly<Record<string, unknown>>> {
  if (call === 'release') return { ...(await client.release()) };
  const { state, code, licence } = await client.check(call === 'renew' ? { renew: true } : {});
  return {
    state,
    ...(code !== undefined && { code }),
    ...(licence !== undefined && { licence: { id: licence.id, features: licence.features } }),
  };
}
