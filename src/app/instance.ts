import { readConfig } from './config.ts';
import { createService } from './service.ts';

/**
 * The service of this process, made when the entry files are loaded: a configuration that cannot be used stops the start
 * of the host, with all problems in one message.
 */
export const service = await createService(readConfig(), { now: Date.now });
