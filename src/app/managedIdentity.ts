import type { ManagedIdentityCredential } from '@azure/identity';
import type { ServiceConfig } from './config.ts';
import { createPlatformIdentity } from './platformIdentity.ts';
import type { PlatformIdentity } from './platformIdentity.ts';

export type ManagedIdentity = PlatformIdentity | ManagedIdentityCredential;

/** The identity that the app runs as. The library is loaded only where the platform has no token endpoint of its own. */
export async function createManagedIdentity({
  AZURE_CLIENT_ID: clientId,
  tokenEndpoint,
}: Pick<ServiceConfig, 'AZURE_CLIENT_ID' | 'tokenEndpoint'>): Promise<ManagedIdentity> {
  if (tokenEndpoint !== null) return createPlatformIdentity({ ...tokenEndpoint, clientId, now: Date.now });
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential(clientId === undefined ? {} : { clientId });
}
