import { ClientError } from '../../clientError.ts';
import { parseOptions } from '../../options.ts';
import type { ClientOptions, Settings } from '../../options.ts';
import type { Configuration } from './configuration.ts';

/**
 * What the library makes of the configuration.
 *
 * @param defaults options that the configuration may replace
 * @param given options that it may not
 * @returns the error where it is not known whom to believe or where the folder is
 */
export function settingsOf(
  { broken, faults, options }: Configuration,
  defaults: Partial<ClientOptions>,
  given: Partial<ClientOptions>,
): Settings | ClientError {
  if (broken !== undefined) return broken;
  try {
    const settings = parseOptions({ ...defaults, ...options, ...given } as ClientOptions);
    return { ...settings, fault: join(faults, settings.fault) };
  } catch (error) {
    if (error instanceof ClientError) return join(faults, error) ?? error;
    throw error;
  }
}

/** All that is wrong in one message. */
function join(faults: readonly string[], error: ClientError | undefined): ClientError | undefined {
  const texts = [...faults, ...(error?.detail === undefined ? [] : [error.detail])];
  if (error?.code !== 'options_invalid' && faults.length === 0) return error;
  return new ClientError('options_invalid', texts.join('; '));
}
