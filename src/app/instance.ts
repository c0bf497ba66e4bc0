import { readConfig } from './config.ts';
import { createService } from './service.ts';

export type { EdgeRequest, Log, UseCase } from '../http/edge.ts';

/**
 * The service of this process, created when the entry files are loaded. If the configuration cannot be used, the host
 * does not start, and one message lists all problems.
 */
export const service = await createService(readConfig(), { now: Date.now });
