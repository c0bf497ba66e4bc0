import { expect, test } from 'vitest';
import { SuiteError, parseLimboSuite } from '../../../src/dev/conformance/limboSuite.ts';

const CASE = {
  id: 'a::b',
  trusted_certs: ['root'],
  untrusted_intermediates: [],
  peer_certificate: 'leaf',
  expected_result: 'SUCCESS',
};

const parse = (change: object = {}) =>
  parseLimboSuite(JSON.stringify({ version: 1, testcases: [{ ...CASE, ...change }] }));

test('what a case may leave out is null or empty', () => {
  expect(parse()).toEqual([
    {
      id: 'a::b',
      trustedCerts: ['root'],
      untrustedIntermediates: [],
      peerCertificate: 'leaf',
      validationTime: null,
      purposes: [],
      peerNames: [],
      maximumChainDepth: null,
      expected: 'SUCCESS',
    },
  ]);
});

test('null is as good as absent', () => {
  const nulls = {
    validation_time: null,
    extended_key_usage: null,
    expected_peer_name: null,
    expected_peer_names: null,
    max_chain_depth: null,
  };
  expect(parse(nulls)).toEqual(parse());
});

test('what is given is read', () => {
  const given = {
    validation_time: '2024-03-01T01:00:00.5+01:00',
    extended_key_usage: ['serverAuth', '1.2.3.4', 'anyExtendedKeyUsage'],
    expected_peer_name: { kind: 'DNS', value: 'a' },
    expected_peer_names: [{ kind: 'RFC822', value: 'b' }],
    max_chain_depth: 0,
    expected_result: 'anything',
  };
  expect(parse(given)[0]).toMatchObject({
    validationTime: Date.UTC(2024, 2, 1) + 500,
    purposes: ['1.3.6.1.5.5.7.3.1', '1.2.3.4', '2.5.29.37.0'],
    peerNames: [
      { kind: 'DNS', value: 'a' },
      { kind: 'RFC822', value: 'b' },
    ],
    maximumChainDepth: 0,
    expected: 'anything',
  });
});

test('a purpose and a kind of name that are not known stay, and are never met', () => {
  const unknown = { extended_key_usage: ['constructor'], expected_peer_name: { kind: 'URI', value: 'a' } };
  expect(parse(unknown)[0]).toMatchObject({ purposes: ['constructor'], peerNames: [{ kind: 'URI', value: 'a' }] });
});

test('unknown keys and words are ignored', () => {
  const unknown = { features: ['never-heard-of'], importance: 'cosmic', validation_kind: 'SIDEWAYS', more: { x: 1 } };
  expect(parse(unknown)).toEqual(parse());
  expect(parseLimboSuite('{"testcases":[],"version":99,"x":1}')).toEqual([]);
});

test.each([
  ['no JSON', '{', 'it is not JSON'],
  ['no object', '[]', 'it is not a suite in the shape of x509-limbo'],
  ['no cases', '{}', 'testcases: '],
  ['a case without id', JSON.stringify({ testcases: [{ ...CASE, id: undefined }] }), 'testcases.0.id: '],
  [
    'a time that is none',
    JSON.stringify({ testcases: [{ ...CASE, validation_time: 'noon' }] }),
    'testcases.0.validation_time: ',
  ],
  [
    'a negative depth',
    JSON.stringify({ testcases: [{ ...CASE, max_chain_depth: -1 }] }),
    'testcases.0.max_chain_depth: ',
  ],
])('%s is refused with what is wrong', (_, text, message) => {
  expect(() => parseLimboSuite(text)).toThrow(SuiteError);
  expect(() => parseLimboSuite(text)).toThrow(message);
});

test('of many problems a few are told', () => {
  const text = JSON.stringify({ testcases: Array(100).fill({}) });
  const message = (() => {
    try {
      parseLimboSuite(text);
    } catch (error) {
      return String(error);
    }
    return '';
  })();
  expect(message.split('\n')).toHaveLength(6);
});
