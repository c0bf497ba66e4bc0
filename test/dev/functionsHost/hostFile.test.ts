import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import * as z from 'zod';

import { CONSOLE_ENDPOINTS, OPERATOR_ENDPOINTS, VM_ENDPOINTS } from '../../../src/contract/endpoints.ts';
import { readHostFile } from '../../../src/dev/functionsHost/hostFile.ts';
import { PROJECT, writeApp } from './appFolder.ts';

const CONTENT: unknown = JSON.parse(readFileSync(join(PROJECT, 'host.json'), 'utf8'));

test('this project’s host.json has no prefix, and sampling that keeps every line and every exception', () => {
  expect(readHostFile(PROJECT).routePrefix).toBe('');
  expect(CONTENT).toMatchObject({
    functionTimeout: '00:05:00',
    logging: {
      applicationInsights: { samplingSettings: { isEnabled: true, excludedTypes: 'Trace;Exception;Event' } },
    },
  });
  expect(CONTENT).not.toHaveProperty('extensionBundle');
});

/** Octets of the record of a request in the workspace, as the alert `cap-near` counts them. */
const RECORD = 1_200;

test('the records of requests, which anybody can make, cannot fill a day of telemetry on as many instances as there may be', () => {
  const template = readFileSync(join(PROJECT, 'infra/main.bicep'), 'utf8');
  const defaultOf = (name: string) => Number(new RegExp(`^param ${name} int = (\\d+)$`, 'm').exec(template)?.[1]);
  const { maxTelemetryItemsPerSecond: rate } = z
    .object({
      logging: z.object({
        applicationInsights: z.object({ samplingSettings: z.object({ maxTelemetryItemsPerSecond: z.number() }) }),
      }),
    })
    .parse(CONTENT).logging.applicationInsights.samplingSettings;
  const day = defaultOf('maximumInstanceCount') * rate * 86_400 * RECORD;
  expect(day).toBeGreaterThan(0);
  expect(day).toBeLessThan(defaultOf('telemetryDailyQuotaGB') * 1e9);
});

/** The platform knows no pattern that means the lines of all functions, so each is named. */
test('host.json lets through what every function writes itself, and of the host’s own words only what went wrong', () => {
  const timers = [...readFileSync(join(PROJECT, 'functions/timers.ts'), 'utf8').matchAll(/app\.timer\('(\w+)'/g)];
  const names = [
    ...Object.keys({ ...VM_ENDPOINTS, ...CONSOLE_ENDPOINTS, ...OPERATOR_ENDPOINTS }),
    ...timers.map(([, name = '']) => name),
  ];
  const lines = names.map((name) => [`Function.${name}.User`, 'information']);
  // Results are the records of requests, which may be sampled. Sums of them are not needed beside.
  const host = { default: 'warning', 'Host.Aggregator': 'none', 'Host.Results': 'information' };
  expect(Object.fromEntries(readHostFile(PROJECT).logLevels)).toEqual({ ...host, ...Object.fromEntries(lines) });
});

test('slashes at the prefix’s ends do not count, and levels are read without regard to case', () => {
  const root = writeApp({
    'host.json': JSON.stringify({
      version: '2.0',
      extensions: { http: { routePrefix: '/api/v2/' } },
      logging: { logLevel: { Function: 'Warning' } },
    }),
  });
  expect(readHostFile(root)).toEqual({
    routePrefix: 'api/v2',
    customHeaders: {},
    logLevels: new Map([['Function', 'warning']]),
  });
});
