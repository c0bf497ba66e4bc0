import type { ManagedIdentityCredential } from '@azure/identity';
import type { ServiceConfig } from './config.ts';

/** The identity that the app runs as. The library is loaded only where it is needed: it is a third of the bundle's start. */
export async function createManagedIdentity({ AZURE_CLIENT_ID }: ServiceConfig): Promise<ManagedIdentityCredential> {
  const { ManagedIdentityCredential } = await import('@azure/identity');
  return new ManagedIdentityCredential(AZURE_CLIENT_ID === undefined ? {} : { clientId: AZURE_CLIENT_ID });
}
