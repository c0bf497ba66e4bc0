/*
 * A setting may refer to a secret of Azure Key Vault, or to a value of Azure App Configuration, and the platform puts the
 * value there. Where it cannot, the app gets the reference itself ("Use Key Vault references as app settings").
 */

const REFERENCE = /^\s*["']?@Microsoft\.(KeyVault|AppConfiguration)\(([^)]*)/i;
const SECRET_URI = /^https:\/\/([A-Za-z0-9-]{3,24})\.[a-z.]{1,40}\/secrets\/([A-Za-z0-9-]{1,127})(?:\/|$)/;

const REFRESH =
  'then have the references read again: az rest --method post --url "APP_RESOURCE_ID/config/configreferences/appsettings/refresh?api-version=2022-03-01"';

/** What to do about a reference that stands where its value should be; null where the value is none. */
export function findUnresolvedReference(value: string): string | null {
  const [, service, inside = ''] = REFERENCE.exec(value) ?? [];
  if (service === undefined) return null;
  if (service.toLowerCase() === 'appconfiguration') {
    return `holds an App Configuration reference that the platform did not resolve. The value itself may be right: do not replace it. Check that the key exists and that the app’s identity has the role "App Configuration Data Reader", ${REFRESH}`;
  }
  const { vault, secret } = readPlace(inside);
  return `holds a Key Vault reference that the platform did not resolve (${vault}, ${secret}). The secret itself may be right: do not make another one. Check that the secret exists and that the app’s identity has the role "Key Vault Secrets User" on the vault, ${REFRESH}`;
}

/** `VaultName=V;SecretName=S` or `SecretUri=URI`: names, never values. */
function readPlace(inside: string): { readonly vault: string; readonly secret: string } {
  const parts = inside.split(';').map((part) => part.split('='));
  const valueOf = (name: string) => parts.find(([key]) => key?.trim().toLowerCase() === name)?.[1]?.trim() ?? '';
  const [, vault = valueOf('vaultname'), secret = valueOf('secretname')] = SECRET_URI.exec(valueOf('secreturi')) ?? [];
  return {
    vault: /^[A-Za-z0-9-]{3,24}$/.test(vault) ? `vault ${vault}` : 'its vault cannot be read',
    secret: /^[A-Za-z0-9-]{1,127}$/.test(secret) ? `secret ${secret}` : 'its secret cannot be read',
  };
}
