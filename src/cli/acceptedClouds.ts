import { AZURE_CLOUDS } from '../contract/clouds.ts';
import { UsageError } from './command.ts';
import type { Io } from './command.ts';

/** The clouds of `--cloud`, else of the service's own setting, else all. @throws {UsageError} */
export function acceptedClouds(named: readonly string[] | undefined, { env }: Pick<Io, 'env'>): readonly string[] {
  const clouds = named ?? env['ACCEPTED_CLOUDS']?.split(',').map((name) => name.trim());
  const unknown = clouds?.find((name) => !Object.hasOwn(AZURE_CLOUDS, name));
  if (unknown === undefined) return clouds ?? Object.keys(AZURE_CLOUDS);
  throw new UsageError(`ACCEPTED_CLOUDS has "${unknown}". The clouds are ${Object.keys(AZURE_CLOUDS).join(', ')}`);
}
