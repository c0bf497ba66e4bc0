/**
 * `npm run package`: makes `dist/app/`, which azd deploys, and of it `dist/countersign-VERSION.zip` with a bill of
 * materials and digests beside it. It takes its settings from the environment, because npm on Windows swallows `--`:
 * `ACCEPTED_CLOUDS`, as the service has it, and `TRUST_SYNC_FROM`, a folder to take certificates from instead of the network.
 */
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acceptedClouds } from '../../cli/acceptedClouds.ts';
import { UsageError } from '../../cli/command.ts';
import { packageApp } from './packageApp.ts';
import type { PackagedApp } from './packageApp.ts';
import { PackagingError } from './packagingError.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const { env } = process;

async function main(): Promise<void> {
  // For tests; everybody else calls it without arguments.
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const outDir = resolve(values.out ?? join(ROOT, 'dist'));
  const from = env['TRUST_SYNC_FROM'];
  const clouds = readClouds();
  const source = { clouds, at: Date.now(), ...(from !== undefined && from !== '' && { from: resolve(from) }) };
  process.stdout.write(describe(await packageApp({ root: ROOT, outDir, certificates: source }), clouds));
}

/** As the service reads it: without the setting it accepts the public cloud alone. */
function readClouds(): readonly string[] {
  const { ACCEPTED_CLOUDS = '' } = env;
  return acceptedClouds(undefined, { env: { ACCEPTED_CLOUDS: ACCEPTED_CLOUDS || 'AzurePublicCloud' } });
}

function describe({ folder, products, certificates, without }: PackagedApp, clouds: readonly string[]): string {
  const kept = without.map(({ name, clouds: of, reason }) => `  without ${name} (${of.join(', ')}): ${reason ?? ''}`);
  const sizes = products.map(({ path, bytes }) => `${relative('.', path)} (${Math.ceil(bytes / 1024)} KB)`);
  const lines = [`${certificates} certificates for ${clouds.join(', ')}`, ...kept, relative('.', folder), ...sizes];
  return `${lines.join('\n')}\n`;
}

await main().catch((error: unknown) => {
  if (!(error instanceof PackagingError) && !(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
