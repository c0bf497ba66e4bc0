import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Loaded before the service into its process (`node --import`): names of vaults lead to this machine. The service's own
 * client then asks the stand-in under a name that it takes for a vault's, and nothing of what is deployed is changed.
 */

const { lookup } = dns;

dns.lookup = ((host: string, ...rest: unknown[]) =>
  Reflect.apply(lookup, dns, [
    host.endsWith('.vault.azure.net') ? '127.0.0.1' : host,
    ...rest,
  ]) as unknown) as typeof lookup;
syncBuiltinESMExports();
