import { HookError, readTool, readVariable, runHook, runTool, say, tryUntilDone } from './tools.ts';
import type { Attempt } from './tools.ts';

// After azd made the resources: waits until the platform has put secrets in the place of all Key Vault references. The role
// on a secret may take minutes to spread, and an app that starts before gets the reference itself instead of its secret.

const API_VERSION = '2022-03-01';

interface Reference {
  readonly setting: string;
  readonly status: string;
  readonly vault: string;
  readonly secret: string;
}

/** Where the references of the app's settings are. */
async function readCollection(): Promise<string> {
  const subscription = await readVariable('AZURE_SUBSCRIPTION_ID');
  const group = await readVariable('AZURE_RESOURCE_GROUP');
  const site = `/providers/Microsoft.Web/sites/${await readVariable('SERVICE_API_NAME')}`;
  return `/subscriptions/${subscription}/resourceGroups/${group}${site}/config/configreferences/appsettings`;
}

const refreshUrlOf = (collection: string) => `${collection}/refresh?api-version=${API_VERSION}`;

/** @throws HookError where Azure does not answer with a list */
async function listReferences(collection: string): Promise<readonly Reference[]> {
  const url = `${collection}?api-version=${API_VERSION}`;
  const answer = await readTool('az', ['rest', '--method', 'get', '--url', url, '--output', 'json']);
  const { value } = answer as { readonly value?: readonly Record<string, unknown>[] };
  if (!Array.isArray(value)) throw new HookError('Azure did not list the references of the app’s settings.');
  return value.map((entry: Record<string, unknown>) => readReference(entry));
}

function readReference({ name, properties }: Record<string, unknown>): Reference {
  const { status, vaultName, secretName } = (properties ?? {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === 'string' ? value : '?');
  return { setting: text(name), status: text(status), vault: text(vaultName), secret: text(secretName) };
}

const unresolvedOf = (references: readonly Reference[]) => references.filter(({ status }) => status !== 'Resolved');

/** Finds the references, or why they could not be listed: a single refusal of Azure ends nothing. */
async function attempt(collection: string): Promise<Attempt<readonly Reference[] | HookError>> {
  try {
    const found = await listReferences(collection);
    const done = found.length > 0 && unresolvedOf(found).length === 0;
    // The platform itself looks again after hours.
    if (!done) await runTool('az', ['rest', '--method', 'post', '--url', refreshUrlOf(collection), '--output', 'none']);
    return { done, found };
  } catch (error) {
    if (error instanceof HookError) return { done: false, found: error };
    throw error;
  }
}

/** What the status of a reference means: https://learn.microsoft.com/azure/app-service/app-service-key-vault-references */
const CAUSES: Readonly<Record<string, string>> = {
  AccessToKeyVaultDenied:
    'the app’s identity has no role on it, or the role has not spread yet: give it "Key Vault Secrets User" on the secret',
  VaultNotFound: 'there is no such vault: recover it if it was deleted (RECOVER_VAULTS)',
  SecretNotFound: 'there is no such secret in the vault',
  SecretVersionNotFound: 'the secret has no such version: run azd provision, which takes the newest one',
  MSINotEnabled: 'the app has no identity: run azd provision',
};

function describe({ setting, status, vault, secret }: Reference): string {
  const cause = CAUSES[status] ?? 'look at the app’s setting in the portal';
  return `  - ${setting}: ${status} (vault ${vault}, secret ${secret}): ${cause}`;
}

await runHook(async () => {
  const collection = await readCollection();
  const { done, found } = await tryUntilDone(() => attempt(collection));
  if (found instanceof HookError) throw found;
  if (done) {
    say(`All references of the app to secrets are resolved: ${found.map(({ setting }) => setting).join(', ')}.`);
    return;
  }
  if (found.length === 0) throw new HookError('The app has no reference to a secret. Run azd provision again.');
  throw new HookError(
    [
      'The platform has not resolved these references, and the app would start without its secrets:',
      ...unresolvedOf(found).map(describe),
      `Fix the cause, then run: az rest --method post --url "${refreshUrlOf(collection)}"`,
    ].join('\n'),
  );
});
