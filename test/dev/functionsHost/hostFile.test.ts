import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readHostFile } from '../../../src/dev/functionsHost/hostFile.ts';
import { PROJECT, writeApp } from './appFolder.ts';

test('this project’s host.json has no prefix, and sampling that keeps every exception', () => {
  expect(readHostFile(PROJECT).routePrefix).toBe('');
  const content: unknown = JSON.parse(readFileSync(join(PROJECT, 'host.json'), 'utf8'));
  expect(content).toMatchObject({
    functionTimeout: '00:05:00',
    logging: {
      applicationInsights: { samplingSettings: { excludedTypes: expect.stringMatching(/\bException\b/) as string } },
    },
  });
  expect(content).not.toHaveProperty('extensionBundle');
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
