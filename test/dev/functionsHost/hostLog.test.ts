import { expect, test } from 'vitest';

import { filterLog } from '../../../src/dev/functionsHost/hostLog.ts';
import { recordLog } from './logRecord.ts';

test('the longest beginning of a category decides its level', () => {
  const { log, lines } = recordLog();
  const filtered = filterLog(
    log,
    new Map([
      ['default', 'error'],
      ['Function', 'information'],
      ['Function.quiet', 'none'],
      ['Function.loud.User', 'trace'],
    ]),
  );
  const categories = ['Host', 'Function.a', 'Function.quiet.User', 'Function.loud', 'Function.loud.User', 'Functions'];
  for (const category of categories) {
    for (const level of ['trace', 'information', 'critical'] as const) filtered(level, category, 'm');
  }
  expect(lines).toEqual([
    'critical Host: m',
    'information Function.a: m',
    'critical Function.a: m',
    'information Function.loud: m',
    'critical Function.loud: m',
    'trace Function.loud.User: m',
    'information Function.loud.User: m',
    'critical Function.loud.User: m',
    'critical Functions: m',
  ]);
});

test('without levels information and above is logged, and nothing at the level none', () => {
  const { log, lines } = recordLog();
  const filtered = filterLog(log, new Map());
  for (const level of ['debug', 'information', 'none'] as const) filtered(level, 'Host', 'm');
  expect(lines).toEqual(['information Host: m']);
});
