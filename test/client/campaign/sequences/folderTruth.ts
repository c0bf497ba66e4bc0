import { posix } from 'node:path';
import { claimsOf, thumbprintOf } from '../world/jws.ts';
import type { Jwk } from '../world/jws.ts';
import type { MemoryDisk } from '../world/memoryDisk.ts';
import type { SimulatedService } from '../world/simulatedService.ts';
import type { IssuedLicence } from '../world/vendor.ts';
import { FOLDER } from '../world/world.ts';

/**
 * What a folder truly holds: the service says which of the tokens in it are its own. Where they stand in the files is the
 * library's affair.
 */
export interface VmTruth {
  readonly key: 'absent' | 'usable' | 'unusable';
  /** Thumbprint of a usable key. */
  readonly jkt: string | undefined;
  /** Issued by the service for this VM, with a key set beside it. */
  readonly licence: IssuedLicence | undefined;
  readonly denial: DenialTruth | undefined;
  readonly hasKeySet: boolean;
}

export interface DenialTruth {
  readonly token: string;
  /** NumericDate */
  readonly iat: number;
}

export type FolderTruth = ReadonlyMap<string, VmTruth>;

const VM_ID = /^[0-9a-f-]{36}$/;
const TOKEN = /[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/g;

export function readFolderTruth(disk: MemoryDisk, service: SimulatedService): FolderTruth {
  const names = disk.has(FOLDER) ? [...disk.folder(FOLDER).entries.keys()] : [];
  return new Map(names.filter((name) => VM_ID.test(name)).map((vmId) => [vmId, readVm(disk, service, vmId)]));
}

function readVm(disk: MemoryDisk, { licences, denials, vendor }: SimulatedService, vmId: string): VmTruth {
  const [licenceTokens, denialTokens] = ['licence.json', 'denial.json'].map((name) => tokensIn(disk, vmId, name));
  const tokens = [...(licenceTokens ?? []), ...(denialTokens ?? [])];
  const hasKeySet = tokens.some((token) => vendor.keySets.has(token));
  const licence = licenceTokens?.map((token) => licences.get(token)).find((found) => found !== undefined);
  const isOwn =
    licence?.claims.azure.vmId === vmId && licenceTokens?.some((token) => vendor.keySets.has(token)) === true;
  const denial = denialTokens?.find((token) => denials.has(token) && isFor(token, vmId));
  return {
    ...readKey(disk.text(posix.join(FOLDER, vmId, 'key.jwk'))),
    licence: isOwn ? licence : undefined,
    denial: denial === undefined ? undefined : denialTruthOf(denial),
    hasKeySet,
  };
}

export function denialTruthOf(token: string): DenialTruth {
  return { token, iat: claimsOf(token)['iat'] as number };
}

function isFor(token: string, vmId: string): boolean {
  return claimsOf(token)['sub'] === `urn:azure:vm:${vmId}`;
}

function tokensIn(disk: MemoryDisk, vmId: string, name: string): readonly string[] {
  return disk.text(posix.join(FOLDER, vmId, name))?.match(TOKEN) ?? [];
}

function readKey(text: string | undefined): Pick<VmTruth, 'key' | 'jkt'> {
  if (text === undefined) return { key: 'absent', jkt: undefined };
  try {
    const jwk = JSON.parse(text) as Jwk & { readonly d: string };
    return jwk.d.length === 43 ? { key: 'usable', jkt: thumbprintOf(jwk) } : { key: 'unusable', jkt: undefined };
  } catch {
    return { key: 'unusable', jkt: undefined };
  }
}
