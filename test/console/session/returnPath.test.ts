import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { checkReturnPath } from '../../../src/console/session/returnPath.ts';

const HOME = 'https://licences.vendor.example/console/';

test.each(['/console/', '/console/licences/contoso', '/console/decisions?code=vm_blocked&live=off'])(
  '%s is kept',
  (path) => {
    expect(checkReturnPath(path, HOME)).toBe(path);
  },
);

test.each([
  ...[
    '//example.com/console/',
    'https://example.com/console/',
    '\\\\example.com\\console\\',
    '/\\example.com/console/',
  ],
  ...['/operator/v1/offers', '/console', '/consoles/', '/console/../healthz', '/console/%2e%2e/healthz', '/'],
  ...[
    'javascript:alert(1)//console/',
    'data:text/html,/console/',
    'https://licences.vendor.example@example.com/console/',
  ],
  ...['http://licences.vendor.example/console/', 'https://licences.vendor.example:444/console/', 'https://['],
])('%s leads to the first page', (path) => {
  expect(checkReturnPath(path, HOME)).toBe('/console/');
});

test('whatever was kept, the way leads into the console', () => {
  const part = fc.oneof(
    fc.constantFrom(
      '/',
      '\\',
      '..',
      '%2e',
      '%2f',
      '@',
      ':',
      '//',
      'console',
      '?',
      '#',
      'https:',
      'javascript:',
      '\t',
      '\n',
    ),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      (text) => {
        const { origin, pathname } = new URL(checkReturnPath(text, HOME), HOME);
        expect(origin).toBe('https://licences.vendor.example');
        expect(pathname.startsWith('/console/')).toBe(true);
      },
    ),
    { numRuns: 2_000 },
  );
});
