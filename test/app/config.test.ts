import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { ConfigurationError, listSettings, readConfig } from '../../src/app/config.ts';
import { GOOD_SETTINGS, ROOT_KEY, SIGNING_KEY } from './settings.ts';
import { runKeys } from '../support/runKeys.ts';

type Change = Readonly<Record<string, string | undefined>>;

const folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
const authorityFile = join(folder, 'authority.pem');

beforeAll(async () => {
  const { pem } = await createAuthority({ keys: runKeys('emulator') });
  writeFileSync(authorityFile, pem);
  writeFileSync(join(folder, 'key.pem'), SIGNING_KEY);
  writeFileSync(join(folder, 'text'), 'no certificate');
  writeFileSync(join(folder, 'cut.pem'), `${pem}-----BEGIN CERTIFICATE-----\nAAAA\n`);
  writeFileSync(join(folder, 'junk.pem'), `${pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`);
  mkdirSync(join(folder, 'certificates'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const read = (change: Change = {}) => readConfig({ ...GOOD_SETTINGS, ...change });
const file = (name: string) => join(folder, name);
const secret = (octets = 32) => randomBytes(octets).toString('base64url');
const pemOf = (kind: 'P-384' | 'P-256', type: 'pkcs8' | 'sec1') =>
  generateKeyPairSync('ec', { namedCurve: kind }).privateKey.export({ type, format: 'pem' }).toString();
const EMULATOR = { ISSUER: 'http://127.0.0.1:7071', ACCEPTED_CLOUDS: 'emulator' };

/** The problems, one an entry, as the message lists them. */
function problemsOf(environment: Change): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const [opening, ...lines] = error instanceof Error ? error.message.split('\n') : [];
    expect(opening).toBe('The configuration cannot be used:');
    return lines.map((line) => line.replace('  - ', ''));
  }
  return [];
}

test('what is not set has its default', () => {
  expect(read()).toMatchObject({
    ACCEPTED_CLOUDS: ['AzurePublicCloud'],
    NONCE_STYLE: 'base32',
    TRUSTED_PROXIES: 0,
    RATE_LIMIT_PER_SECOND: 20,
    emulatorCertificates: [],
    directory: null,
    signingKey: SIGNING_KEY,
  });
  expect(read({ NONCE_STYLE: '', TRUST_DIRECTORY: '', RATE_LIMIT_PER_SECOND: '' })).toEqual(read());
});

test('other variables of the environment are none of its business', () => {
  expect(Object.keys(read({ PATH: '/bin', SECRET: 'x', constructor: 'x' }))).not.toContain('PATH');
});

test('two secrets are taken, in their order, each with its octets', () => {
  const [one, two] = [secret(), secret(48)];
  expect(read({ CHALLENGE_SECRETS: `2026-11:${one}, 2026-10:${two}` }).CHALLENGE_SECRETS).toEqual([
    { kid: '2026-11', secret: Buffer.from(one, 'base64url') },
    { kid: '2026-10', secret: Buffer.from(two, 'base64url') },
  ]);
});

test.each<[string, Change, object]>([
  ['loopback issuer', { ISSUER: 'http://localhost:7071' }, { ISSUER: 'http://localhost:7071' }],
  ['loopback issuer of IPv6', { ISSUER: 'http://[::1]:7071' }, { ISSUER: 'http://[::1]:7071' }],
  ['issuer with a path', { ISSUER: 'https://contoso.com/licences' }, { ISSUER: 'https://contoso.com/licences' }],
  [
    'several clouds',
    { ACCEPTED_CLOUDS: 'AzureChinaCloud, AzurePublicCloud,AzureChinaCloud' },
    { ACCEPTED_CLOUDS: ['AzureChinaCloud', 'AzurePublicCloud'] },
  ],
  [
    'a store by identity',
    { TABLES_CONNECTION_STRING: undefined, TABLES_ENDPOINT: 'https://a.table.core.windows.net' },
    { TABLES_ENDPOINT: 'https://a.table.core.windows.net' },
  ],
  ['a key in a file', { SIGNING_KEY: '', SIGNING_KEY_FILE: file('key.pem') }, { signingKey: SIGNING_KEY.trim() }],
  ['digits', { NONCE_STYLE: 'digits' }, { NONCE_STYLE: 'digits' }],
  ['proxies', { TRUSTED_PROXIES: '10' }, { TRUSTED_PROXIES: 10 }],
  ['a limit', { RATE_LIMIT_PER_SECOND: '100000' }, { RATE_LIMIT_PER_SECOND: 100_000 }],
  [
    'limits of known networks',
    { ADDRESS_LIMITS: '203.0.113.0/24=200,2001:db8::/48=50' },
    {
      ADDRESS_LIMITS: [
        { family: 'ipv4', prefix: 24, perSecond: 200 },
        { family: 'ipv6', prefix: 48, perSecond: 50 },
      ],
    },
  ],
  ['a prefix', { TABLE_PREFIX: 'vendor2' }, { TABLE_PREFIX: 'vendor2' }],
  ['a directory', { TRUST_DIRECTORY: file('certificates') }, { TRUST_DIRECTORY: file('certificates') }],
])('%s', (_, change, expected) => {
  expect(read(change)).toMatchObject(expected);
});

test('a key may be a JWK', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = JSON.stringify(privateKey.export({ format: 'jwk' }));
  expect(read({ SIGNING_KEY: jwk }).signingKey).toBe(jwk);
});

test('a key may be a set of keys', () => {
  const jwkOf = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const [first, second] = [jwkOf(), jwkOf()];
  const set = JSON.stringify({ keys: [first, second] });
  expect(read({ SIGNING_KEY: set }).signingKey).toBe(set);
  const twice = JSON.stringify({ keys: [first, first] });
  expect(problemsOf({ ...GOOD_SETTINGS, SIGNING_KEY: twice })).toEqual([
    'SIGNING_KEY: The JWK set has a key twice. Name each once.',
  ]);
});

const VAULT_KEY = 'https://kv-a.vault.azure.net/keys/licence-signing';

test('a key may lie in a vault, and its versions are published for an hour before they sign', () => {
  const config = read({ SIGNING_KEY: undefined, SIGNING_KEY_URL: VAULT_KEY });
  expect(config).toMatchObject({ signingKey: null, SIGNING_KEY_URL: VAULT_KEY, SIGNING_KEY_LEAD_SECONDS: 3600 });
});

test.each([
  'kv-a',
  'http://kv-a.vault.azure.net/keys/licence-signing',
  'https://kv-a.vault.azure.net/',
  'https://kv-a.vault.azure.net/keys/',
  'https://kv-a.vault.azure.net/secrets/licence-signing',
  `${VAULT_KEY}/0123456789abcdef0123456789abcdef`,
  `${VAULT_KEY}/`,
  `${VAULT_KEY}?a=b`,
  `${VAULT_KEY}#`,
  'https://kv-a.vault.azure.net/keys/licence_signing',
  'https://user@kv-a.vault.azure.net/keys/licence-signing',
  `https://${'a'.repeat(500)}.net/keys/licence-signing`,
])('the key %s is refused', (SIGNING_KEY_URL) => {
  expect(problemsOf({ ...GOOD_SETTINGS, SIGNING_KEY: undefined, SIGNING_KEY_URL })).toEqual([
    'SIGNING_KEY_URL must be https://VAULT/keys/NAME, without a version',
  ]);
});

test('the emulator’s cloud comes with its certificates', () => {
  const { ACCEPTED_CLOUDS, emulatorCertificates } = read({ ...EMULATOR, EMULATOR_TRUST_FILE: authorityFile });
  expect(ACCEPTED_CLOUDS).toEqual(['emulator']);
  expect(emulatorCertificates).toHaveLength(4);
});

test.each([
  'https://licences.contoso.com',
  'https://127.0.0.1.contoso.com',
  'https://localhost.contoso.com',
  'https://10.0.0.1',
  'https://169.254.169.254',
  'https://[::2]',
])('the emulator’s cloud is refused under the issuer %s', (ISSUER) => {
  const problems = problemsOf({ ...GOOD_SETTINGS, ...EMULATOR, ISSUER, EMULATOR_TRUST_FILE: authorityFile });
  expect(problems).toEqual(['ACCEPTED_CLOUDS holds "emulator", which is refused unless ISSUER is a loopback address']);
});

const ISSUER_PROBLEM = /^ISSUER must be an https URL without a trailing slash/;

test.each([
  'licences.contoso.com',
  'http://licences.contoso.com',
  'http://127.0.0.1.contoso.com',
  'https://licences.contoso.com/',
  'https://licences.contoso.com?',
  'https://licences.contoso.com?a=b',
  'https://licences.contoso.com#',
  'https://licences.contoso.com/a/../b',
  'https://user@licences.contoso.com',
  'https://Licences.contoso.com',
  'https://licences.contoso.com:443',
  'https://licences.contoso.com ',
  'https://licénces.contoso.com',
  'ftp://licences.contoso.com',
  'javascript:alert(1)',
  `https://licences.contoso.com/${'a'.repeat(500)}`,
])('the issuer %j is refused', (ISSUER) => {
  expect(problemsOf({ ...GOOD_SETTINGS, ISSUER })).toEqual([expect.stringMatching(ISSUER_PROBLEM)]);
});

const SECRETS = /^CHALLENGE_SECRETS must be one or two KID:SECRET/;

test.each<[string, Change, RegExp]>([
  ['no issuer', { ISSUER: undefined }, /^ISSUER is missing$/],
  ['no secrets', { CHALLENGE_SECRETS: '' }, /^CHALLENGE_SECRETS is missing$/],
  ['a short secret', { CHALLENGE_SECRETS: `a:${secret(31)}` }, SECRETS],
  ['a secret without a name', { CHALLENGE_SECRETS: secret() }, SECRETS],
  ['a secret in plain base64', { CHALLENGE_SECRETS: `a:${'+/'.repeat(22)}` }, SECRETS],
  ['three secrets', { CHALLENGE_SECRETS: ['a', 'b', 'c'].map((kid) => `${kid}:${secret()}`).join() }, SECRETS],
  ['a comma too many', { CHALLENGE_SECRETS: `a:${secret()},` }, SECRETS],
  ['one name twice', { CHALLENGE_SECRETS: `a:${secret()},a:${secret()}` }, /^CHALLENGE_SECRETS has one KID twice/],
  [
    'an unknown cloud',
    { ACCEPTED_CLOUDS: 'AzurePublicCloud,Azure' },
    /^ACCEPTED_CLOUDS must be of AzurePublicCloud, .*emulator$/,
  ],
  ['no cloud', { ACCEPTED_CLOUDS: ',' }, /^ACCEPTED_CLOUDS must be of/],
  ['no store', { TABLES_CONNECTION_STRING: undefined }, /^exactly one of TABLES_ENDPOINT and TABLES_CONNECTION_STRING/],
  [
    'two stores',
    { TABLES_ENDPOINT: 'https://a.example' },
    /^exactly one of TABLES_ENDPOINT and TABLES_CONNECTION_STRING/,
  ],
  [
    'a store that is no URL',
    { TABLES_CONNECTION_STRING: undefined, TABLES_ENDPOINT: 'a' },
    /^TABLES_ENDPOINT must be an https URL$/,
  ],
  [
    'a store without TLS',
    { TABLES_CONNECTION_STRING: undefined, TABLES_ENDPOINT: 'http://a.example' },
    /^TABLES_ENDPOINT must be an https URL$/,
  ],
  [
    'a store that cannot be read',
    { TABLES_CONNECTION_STRING: 'AccountName=a;AccountKey=c2VjcmV0' },
    /^TABLES_CONNECTION_STRING must be the connection string/,
  ],
  [
    'no key',
    { SIGNING_KEY: undefined },
    /^exactly one of SIGNING_KEY, SIGNING_KEY_FILE and SIGNING_KEY_URL must be set$/,
  ],
  ['a key and a vault’s', { SIGNING_KEY_URL: 'https://kv-a.vault.azure.net/keys/a' }, /^exactly one of SIGNING_KEY, /],
  [
    'a key used too soon',
    { SIGNING_KEY_LEAD_SECONDS: '599' },
    /^SIGNING_KEY_LEAD_SECONDS must be from 600 to 31536000$/,
  ],
  [
    'two keys',
    { SIGNING_KEY_FILE: file('key.pem') },
    /^exactly one of SIGNING_KEY, SIGNING_KEY_FILE and SIGNING_KEY_URL must be set$/,
  ],
  [
    'a key of another curve',
    { SIGNING_KEY: pemOf('P-384', 'pkcs8') },
    /^SIGNING_KEY: The signing key is not on curve P-256/,
  ],
  ['a key in SEC1', { SIGNING_KEY: pemOf('P-256', 'sec1') }, /^SIGNING_KEY: The signing key is SEC1/],
  ['a key that is none', { SIGNING_KEY: 'hunter2' }, /^SIGNING_KEY: The signing key is neither PKCS#8 PEM nor a JWK/],
  [
    'a key file that is not there',
    { SIGNING_KEY: undefined, SIGNING_KEY_FILE: file('gone') },
    /^SIGNING_KEY_FILE: .*gone cannot be read \(ENOENT\)\. Check the path/,
  ],
  [
    'a key file with no key',
    { SIGNING_KEY: undefined, SIGNING_KEY_FILE: file('text') },
    /^SIGNING_KEY_FILE: The signing key is neither/,
  ],
  ['another nonce', { NONCE_STYLE: 'hex' }, /^NONCE_STYLE .*"base32"\|"digits"/],
  ['proxies in words', { TRUSTED_PROXIES: 'one' }, /^TRUSTED_PROXIES must be a whole number from 0 to 10$/],
  ['too many proxies', { TRUSTED_PROXIES: '11' }, /^TRUSTED_PROXIES must be from 0 to 10$/],
  ['a negative number', { TRUSTED_PROXIES: '-1' }, /^TRUSTED_PROXIES must be a whole number/],
  ['no requests', { RATE_LIMIT_PER_SECOND: '0' }, /^RATE_LIMIT_PER_SECOND must be from 1 to 100000$/],
  ['a number beyond numbers', { RATE_LIMIT_PER_SECOND: '9'.repeat(400) }, /^RATE_LIMIT_PER_SECOND must be from/],
  [
    'a limit of no network',
    { ADDRESS_LIMITS: '203.0.113.0/24=200,20' },
    /^ADDRESS_LIMITS entry 2 must be CIDR=REQUESTS_PER_SECOND, such as 203\.0\.113\.0\/24=200$/,
  ],
  ['a prefix with a blank', { TABLE_PREFIX: 'a b' }, /^TABLE_PREFIX must be letters and digits$/],
  ['a prefix that is too long', { TABLE_PREFIX: 'a'.repeat(22) }, /^TABLE_PREFIX must be letters and digits$/],
  [
    'a directory that is not there',
    { TRUST_DIRECTORY: file('gone') },
    /^TRUST_DIRECTORY names a directory that cannot be read$/,
  ],
  [
    'a directory that is a file',
    { TRUST_DIRECTORY: file('text') },
    /^TRUST_DIRECTORY names a directory that cannot be read$/,
  ],
  ['the emulator without certificates', EMULATOR, /^EMULATOR_TRUST_FILE goes with the cloud "emulator"/],
  [
    'certificates without the emulator',
    { EMULATOR_TRUST_FILE: file('authority.pem') },
    /^EMULATOR_TRUST_FILE goes with/,
  ],
])('%s is one problem', (_, change, problem) => {
  expect(problemsOf({ ...GOOD_SETTINGS, ...change })).toEqual([expect.stringMatching(problem)]);
});

const REFERENCES: readonly (readonly [string, string])[] = [
  ['@Microsoft.KeyVault(VaultName=kv-contoso;SecretName=signing-key)', '(vault kv-contoso, secret signing-key)'],
  [
    '@Microsoft.KeyVault(SecretUri=https://kv-contoso.vault.azure.net/secrets/signing-key/0123456789abcdef)',
    '(vault kv-contoso, secret signing-key)',
  ],
  ['@microsoft.keyvault(SecretUri=https://kv-contoso.vault.azure.cn/secrets/a)', '(vault kv-contoso, secret a)'],
  ['@Microsoft.KeyVault(', '(its vault cannot be read, its secret cannot be read)'],
];

test.each(REFERENCES)(
  'the reference %s is named as one in every setting, and nothing else is said of it',
  (reference, place) => {
    for (const { name } of listSettings()) {
      const problems = problemsOf({ ...GOOD_SETTINGS, [name]: reference }).filter((problem) =>
        problem.startsWith(name),
      );
      expect(problems, name).toEqual([
        expect.stringContaining(`holds a Key Vault reference that the platform did not resolve ${place}`),
      ]);
      expect(problems[0]).toContain('do not make another one. Check that the secret exists');
      expect(problems[0]).toContain('the role "Key Vault Secrets User"');
      expect(problems[0]).toContain('az rest --method post');
    }
    expect(
      problemsOf({ ...GOOD_SETTINGS, SIGNING_KEY: reference, CHALLENGE_SECRETS: reference, ROOT_KEY: reference }),
    ).toHaveLength(3);
  },
);

test('a reference to App Configuration is named as one', () => {
  const [problem, ...others] = problemsOf({
    ...GOOD_SETTINGS,
    SIGNING_KEY: '@Microsoft.AppConfiguration(Endpoint=https://contoso.azconfig.io; Key=signing-key)',
  });
  expect([problem, others]).toEqual([expect.stringMatching(/^SIGNING_KEY holds an App Configuration reference/), []]);
});

const OTHER_PEMS: readonly (readonly [string, (pem: string) => string, string])[] = [
  ['with \\n for its line ends', (pem) => pem.replaceAll('\n', '\\n'), 'has its line ends written as "\\n"'],
  ['with \\r\\n for its line ends', (pem) => pem.replaceAll('\n', '\\r\\n'), 'has its line ends written as "\\n"'],
  ['with blanks for its line ends', (pem) => pem.replaceAll('\n', ' '), 'has blanks where its line ends were'],
  ['without line ends', (pem) => pem.replaceAll('\n', ''), 'has lost its line ends'],
  ['in base64 once more', (pem) => Buffer.from(pem).toString('base64'), 'is written in base64 once more'],
  ['without its first line', (pem) => pem.split('\n').slice(1).join('\n'), 'has lost its first line'],
  ['that is cut', (pem) => pem.slice(0, 120), 'is cut'],
];

test.each(OTHER_PEMS)('a key %s is told as that, and not to be made anew', (_, damage, told) => {
  writeFileSync(file('damaged.pem'), damage(SIGNING_KEY));
  const places = [
    ['SIGNING_KEY', { SIGNING_KEY: damage(SIGNING_KEY) }],
    ['SIGNING_KEY_FILE', { SIGNING_KEY: undefined, SIGNING_KEY_FILE: file('damaged.pem') }],
    ['ROOT_KEY', { ROOT_KEY: damage(ROOT_KEY) }],
    ['ROOT_KEY_FILE', { ROOT_KEY: undefined, ROOT_KEY_FILE: file('damaged.pem') }],
  ] as const;
  for (const [name, change] of places) {
    const [problem, ...others] = problemsOf({ ...GOOD_SETTINGS, ...change });
    expect([problem, others]).toEqual([expect.stringContaining(told), []]);
    expect(problem).toMatch(
      new RegExp(`^${name}: The (signing|root) key .*Do not make another key: set it from the file`),
    );
  }
});

test.each([
  ['a byte order mark', (pem: string) => Buffer.from(`\ufeff${pem}`)],
  ['UTF-16, as Windows PowerShell writes it', (pem: string) => Buffer.from(`\ufeff${pem}`, 'utf16le')],
  ['lines that end as on Windows', (pem: string) => Buffer.from(pem.replaceAll('\n', '\r\n'))],
])('key files with %s are read', (_, write) => {
  writeFileSync(file('signing.pem'), write(SIGNING_KEY));
  writeFileSync(file('root.pem'), write(ROOT_KEY));
  const files = { SIGNING_KEY_FILE: file('signing.pem'), ROOT_KEY_FILE: file('root.pem') };
  const { root, signingKey } = read({ SIGNING_KEY: undefined, ROOT_KEY: undefined, ...files });
  expect([signingKey, root]).toEqual([SIGNING_KEY.trim(), expect.objectContaining({ keys: [ROOT_KEY.trim()] })]);
});

test('a key in quotation marks is told as that', () => {
  expect(problemsOf({ ...GOOD_SETTINGS, SIGNING_KEY: `"${SIGNING_KEY}"` })).toEqual([
    expect.stringContaining('SIGNING_KEY: The signing key stands in quotation marks. Do not make another key'),
  ]);
});

test.each(['gone', 'text', 'cut.pem', 'junk.pem', 'certificates'])('the emulator’s file %s is refused', (name) => {
  expect(problemsOf({ ...GOOD_SETTINGS, ...EMULATOR, EMULATOR_TRUST_FILE: file(name) })).toEqual([
    'EMULATOR_TRUST_FILE is not a readable PEM file with certificates alone',
  ]);
});

test('all problems stand in one message, and no value of a secret', () => {
  const [short, store] = [secret(20), 'AccountName=a;AccountKey=c2VjcmV0LW9mLXN0b3Jl'];
  const wrong = {
    ISSUER: 'https://contoso.com/',
    ACCEPTED_CLOUDS: 'emulator',
    TABLES_ENDPOINT: 'http://user:pass@contoso.com',
    TABLES_CONNECTION_STRING: store,
    TABLE_PREFIX: '-',
    SIGNING_KEY: 'private-and-secret',
    CHALLENGE_SECRETS: `a:${short}`,
    NONCE_STYLE: 'x',
    TRUSTED_PROXIES: 'x',
    RATE_LIMIT_PER_SECOND: 'x',
    TRUST_DIRECTORY: file('gone'),
    ENTRA_TENANT: 'x',
  };
  const problems = problemsOf(wrong);
  const named = ['ISSUER', 'TABLES_ENDPOINT', 'TABLES_CONNECTION_STRING', 'TABLE_PREFIX', 'SIGNING_KEY', 'NONCE_STYLE'];
  const more = ['CHALLENGE_SECRETS', 'TRUSTED_PROXIES', 'RATE_LIMIT_PER_SECOND', 'TRUST_DIRECTORY', 'ENTRA_TENANT'];
  for (const name of [...named, ...more]) {
    expect(
      problems.filter((problem) => problem.startsWith(name)),
      name,
    ).toHaveLength(1);
  }
  expect(problems.join()).toContain('exactly one of TABLES_ENDPOINT');
  expect(problems.join()).toContain('EMULATOR_TRUST_FILE goes with');
  for (const value of [short, store, 'c2VjcmV0', 'private-and-secret', 'pass'])
    expect(problems.join()).not.toContain(value);
});

test('with nothing set, everything that is needed is named', () => {
  expect(problemsOf({})).toEqual([
    'ISSUER is missing',
    'CHALLENGE_SECRETS is missing',
    'exactly one of TABLES_ENDPOINT and TABLES_CONNECTION_STRING must be set',
    'exactly one of SIGNING_KEY, SIGNING_KEY_FILE and SIGNING_KEY_URL must be set',
    expect.stringMatching(/^a root key is missing, /),
  ]);
});

test('every setting says what it means, and has its default told', () => {
  const settings = listSettings();
  expect(settings.every(({ meaning }) => meaning.length > 10)).toBe(true);
  const defaults = settings.filter(({ otherwise }) => otherwise !== null);
  expect(Object.fromEntries(defaults.map(({ name, otherwise }) => [name, otherwise]))).toMatchObject({
    ACCEPTED_CLOUDS: 'AzurePublicCloud',
    NONCE_STYLE: 'base32',
    TRUSTED_PROXIES: '0',
    RATE_LIMIT_PER_SECOND: '20',
  });
});
