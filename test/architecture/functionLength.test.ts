import { expect, test } from 'vitest';
import { measureFunctions, readSources } from '../support/sources.ts';

test('functions are short: the 90th percentile at most 30 lines, none above 60', () => {
  const lengths = readSources(
    'src/**/*.ts',
    'src/**/*.tsx',
    'functions/**/*.ts',
    'infra/**/*.ts',
    'test/**/*.ts',
  ).flatMap(measureFunctions);
  const sorted = lengths.map(({ lines }) => lines).sort((left, right) => left - right);
  expect(lengths.filter(({ lines }) => lines > 60)).toEqual([]);
  expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThanOrEqual(30);
});
