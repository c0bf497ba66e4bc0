/*
 * A setting may refer to a secret of Azure Key Vault, or to a value of Azure App Configuration, and the platform puts the
 * value there. Where it cannot, the app gets the reference itself ("Use Key Vault references as app settings").
 */

const REFERENCE = /@Microsoft\.(KeyVault|AppConfiguration)\(([^)]*)\)?/i;
const SECRET_URI = /^https:\/\/([A-Za-z0-9-]{3,24})\.[a-z.]{1,40}\/secrets\/([A-Za-z0-9-]{1,127})(?:\/|$)/;

/** The platform's own settings that name the app. */
export interface RunningApp {
  readonly WEBSITE_SITE_NAME?: string | undefined;
  readonly WEBSITE_RESOURCE_GROUP?: string | undefined;
}

/**
 * What to do about a reference that stands where its value should be, alone or in other text; null where there is none.
 *
 * @returns what goes on after the setting's name; it has no part of the value but the names of vault and secret
 */
export function findUnresolvedReference(value: string, app: RunningApp): string | null {
  const [reference, service, inside = ''] = REFERENCE.exec(value) ?? [];
  if (reference === undefined || service === undefined) return null;
  const isVault = service.toLowerCase() === 'keyvault';
  const what = isVault ? `a Key Vault reference` : 'an App Configuration reference';
  const place = isVault ? ` (${readPlace(inside)})` : '';
  if (value.trim() !== reference) {
    return `holds ${what}${place} with other text around it, and the platform resolves a setting only if all of it is one reference. Put the whole value, with that text, into the secret, and set the reference alone, without quotation marks`;
  }
  return `holds ${what} that the platform did not resolve${place}. ${isVault ? IN_VAULT : IN_APP_CONFIGURATION}, then have the references read again: ${refreshCommand(app)}`;
}

const IN_VAULT =
  'The secret itself may be right: do not make another one. Check that the secret exists and that the app’s identity has the role "Key Vault Secrets User" on the vault';

const IN_APP_CONFIGURATION =
  'The value itself may be right: do not replace it. Check that the key exists and that the app’s identity has the role "App Configuration Data Reader"';

/** `VaultName=V;SecretName=S` or `SecretUri=URI`: names, never values. */
function readPlace(inside: string): string {
  const parts = inside.split(';').map((part) => part.split('='));
  const valueOf = (name: string) => parts.find(([key]) => key?.trim().toLowerCase() === name)?.[1]?.trim() ?? '';
  const [, vault = valueOf('vaultname'), secret = valueOf('secretname')] = SECRET_URI.exec(valueOf('secreturi')) ?? [];
  const vaultPart = /^[A-Za-z0-9-]{3,24}$/.test(vault) ? `vault ${vault}` : 'its vault cannot be read';
  return `${vaultPart}, ${/^[A-Za-z0-9-]{1,127}$/.test(secret) ? `secret ${secret}` : 'its secret cannot be read'}`;
}

/** For sh and PowerShell. A name that a shell would read otherwise is left to the reader. */
function refreshCommand({ WEBSITE_SITE_NAME, WEBSITE_RESOURCE_GROUP }: RunningApp): string {
  const plain = (name: string | undefined, otherwise: string) => (/^[\w.-]{1,90}$/.test(name ?? '') ? name : otherwise);
  const [name, group] = [plain(WEBSITE_SITE_NAME, 'APP'), plain(WEBSITE_RESOURCE_GROUP, 'GROUP')];
  const id = `$(az functionapp show --name ${name} --resource-group ${group} --query id --output tsv)`;
  return `az rest --method post --url "${id}/config/configreferences/appsettings/refresh?api-version=2022-03-01"`;
}
