import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import * as z from 'zod';

import { LOG_LEVELS } from './coreModule.ts';
import type { LogLevel } from './coreModule.ts';
import { HostStartError } from './hostError.ts';

/** The parts of host.json that this host acts upon. */
export interface HostFile {
  /** without slashes at its ends; empty for none. The platform's default is `api`. */
  readonly routePrefix: string;
  /** added to every answer of a function that does not set them itself */
  readonly customHeaders: Readonly<Record<string, string>>;
  /** category, or the beginning of one up to a dot, or `default` */
  readonly logLevels: ReadonlyMap<string, LogLevel>;
}

const levels: readonly string[] = LOG_LEVELS;

const logLevel = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text): text is LogLevel => levels.includes(text), `must be one of ${LOG_LEVELS.join(', ')}`);

const hostFile = z.object({
  version: z.literal('2.0'),
  extensions: z
    .object({
      http: z
        .object({ routePrefix: z.string().default('api'), customHeaders: z.record(z.string(), z.string()).default({}) })
        .prefault({}),
    })
    .prefault({}),
  logging: z.object({ logLevel: z.record(z.string(), logLevel).default({}) }).prefault({}),
});

/** Reads `host.json` in an app's folder. @throws HostStartError where it is missing or not of version 2.0's shape */
export function readHostFile(root: string): HostFile {
  const path = resolve(root, 'host.json');
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new HostStartError([`${path} cannot be read as JSON. It must be there, at least {"version":"2.0"}.`], {
      cause: error,
    });
  }
  const parsed = hostFile.safeParse(content);
  if (!parsed.success) throw new HostStartError([`${path} is not valid: ${z.prettifyError(parsed.error)}`]);
  const { extensions, logging } = parsed.data;
  return {
    routePrefix: extensions.http.routePrefix.replace(/^\/+|\/+$/g, ''),
    customHeaders: extensions.http.customHeaders,
    logLevels: new Map(Object.entries(logging.logLevel)),
  };
}
