import * as z from 'zod';
import type { ConsoleConfig } from '../../contract/consolePages.ts';
import type { ConsoleEndpoint } from '../../contract/endpoints.ts';
import type { RouteDescription } from '../../http/anonymousRoute.ts';

const configSchema: z.ZodType<ConsoleConfig> = z
  .strictObject({
    authority: z.url().describe('Issuer of the directory’s tokens.'),
    clientId: z.string(),
    scope: z.string().describe('Of this API, for the access token.'),
    acceptedClouds: z.array(z.string()),
  })
  .meta({ id: 'ConsoleConfig' });

/** An endpoint that is missing here does not compile. */
export const CONSOLE_DESCRIPTIONS: Readonly<Record<ConsoleEndpoint, RouteDescription>> = {
  readConsoleConfig: {
    ...{ status: 200, answer: { mediaType: 'application/json', schema: configSchema } },
    summary: 'What the console must know to sign people in',
    codes: ['rate_limited', 'internal_error'],
  },
  readConsoleFile: {
    ...{ status: 200, params: z.strictObject({ file: z.string().describe('Empty for the first page.') }) },
    summary: 'A page or a file of the operators’ console',
    answer: { mediaType: '*/*', schema: z.string() },
    codes: ['not_found', 'rate_limited', 'internal_error'],
  },
};
