import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from '../support/properties.ts';
import { afterAll, expect, test } from 'vitest';
import { ConfigurationError, listSettings, readConfig } from '../../src/app/config.ts';
import { GOOD_SETTINGS } from './settings.ts';

/**
 * What each setting takes. A setting that is new must be put here, and one that takes a key or a secret is then tried with
 * every reference and every damage below.
 */
const KINDS: Readonly<Record<string, 'key' | 'key file' | 'secret' | 'plain'>> = {
  SIGNING_KEY: 'key',
  ROOT_KEY: 'key',
  SIGNING_KEY_FILE: 'key file',
  ROOT_KEY_FILE: 'key file',
  CHALLENGE_SECRETS: 'secret',
  TABLES_CONNECTION_STRING: 'secret',
  ...Object.fromEntries(
    [
      ...[
        'ISSUER',
        'ACCEPTED_CLOUDS',
        'TABLES_ENDPOINT',
        'AZURE_CLIENT_ID',
        'TABLE_PREFIX',
        'STORE_BUDGET_MILLISECONDS',
      ],
      ...['SIGNING_KEY_URL', 'SIGNING_KEY_LEAD_SECONDS', 'ROOT_KEY_URL', 'ROOT_THUMBPRINTS', 'LICENCE_LIFE_SECONDS'],
      ...[
        'FORMER_SIGNING_KEYS',
        'NONCE_STYLE',
        'TRUSTED_PROXIES',
        'RATE_LIMIT_PER_SECOND',
        'ADDRESS_LIMITS',
        'LOG_IDS',
      ],
      ...['SUBSCRIPTION_RATE_LIMIT_PER_SECOND', 'VM_RATE_LIMIT_PER_MINUTE', 'DECISION_DAYS', 'REQUEST_DAYS'],
      ...['ACTIVATION_DAYS', 'USAGE_DAYS', 'TRUST_DIRECTORY', 'EMULATOR_TRUST_FILE', 'ENTRA_TENANT', 'ENTRA_AUDIENCE'],
      ...['ENTRA_ISSUER', 'ENTRA_KEY_SET', 'ENTRA_CONSOLE_CLIENT', 'ENTRA_CONSOLE_SCOPE'],
    ].map((name) => [name, 'plain']),
  ),
};

const settingsOf = (...kinds: readonly string[]) =>
  Object.entries(KINDS).flatMap(([name, kind]) => (kinds.includes(kind) ? [name] : []));

const folder = mkdtempSync(join(tmpdir(), 'countersign-secrets-'));
const KEY_FILE = join(folder, 'key.pem');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('every setting is known here as one that takes a secret, or none', () => {
  expect(Object.keys(KINDS).sort()).toEqual(
    listSettings()
      .map(({ name }) => name)
      .sort(),
  );
});

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const JWK = JSON.stringify(privateKey.export({ format: 'jwk' }));

/** The settings that take one key, each with this text, and nothing else that names that key. */
function withKey(name: string, text: string | Buffer): Readonly<Record<string, string>> {
  const other = name.replace(/(?:_FILE)?$/, (end) => (end === '' ? '_FILE' : ''));
  if (KINDS[name] === 'key file') writeFileSync(KEY_FILE, text);
  return { ...GOOD_SETTINGS, [other]: '', [name]: KINDS[name] === 'key file' ? KEY_FILE : text.toString() };
}

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error instanceof Error
      ? error.message
          .split('\n')
          .slice(1)
          .map((line) => line.replace('  - ', ''))
      : [];
  }
}

const REFERENCE = '@Microsoft.KeyVault(SecretUri=https://kv-contoso.vault.azure.net/secrets/signing-key/0123)';

const NOT_RESOLVED =
  'holds a Key Vault reference that the platform did not resolve (vault kv-contoso, secret signing-key)';
const NOT_ALONE = 'holds a Key Vault reference (vault kv-contoso, secret signing-key) with other text around it';

test.each(settingsOf('key', 'key file', 'secret', 'plain'))(
  'a reference in %s is told as one, wherever it stands',
  (name) => {
    const tell = (value: string) =>
      problemsOf({ ...GOOD_SETTINGS, [name]: value }).filter((one) => one.startsWith(name));
    expect(tell(REFERENCE)).toEqual([expect.stringContaining(`${name} ${NOT_RESOLVED}`)]);
    expect(tell(` ${REFERENCE}\n`)).toEqual([expect.stringContaining(`${name} ${NOT_RESOLVED}`)]);
    for (const value of [
      `"${REFERENCE}"`,
      `k1:${REFERENCE}`,
      `${REFERENCE},${REFERENCE}`,
      JSON.stringify({ keys: [REFERENCE] }),
      JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: REFERENCE }),
      `AccountName=contoso;AccountKey=${REFERENCE};EndpointSuffix=core.windows.net`,
      `-----BEGIN PRIVATE KEY-----\n${REFERENCE}\n-----END PRIVATE KEY-----`,
    ]) {
      expect(tell(value), value).toEqual([expect.stringContaining(`${name} ${NOT_ALONE}`)]);
    }
  },
);

test('the command that has references read again names the app where it runs', () => {
  const refresh = (name: string, group: string) =>
    `az rest --method post --url "$(az functionapp show --name ${name} --resource-group ${group} --query id --output tsv)/config/configreferences/appsettings/refresh?api-version=2022-03-01"`;
  const environment = { ...GOOD_SETTINGS, SIGNING_KEY: REFERENCE };
  expect(problemsOf(environment)).toEqual([expect.stringContaining(refresh('APP', 'GROUP'))]);
  const running = { WEBSITE_SITE_NAME: 'func-contoso', WEBSITE_RESOURCE_GROUP: 'rg-contoso_(1)' };
  expect(problemsOf({ ...environment, ...running })).toEqual([expect.stringContaining('--resource-group GROUP ')]);
  expect(problemsOf({ ...environment, ...running, WEBSITE_RESOURCE_GROUP: 'rg-contoso' })).toEqual([
    expect.stringContaining(refresh('func-contoso', 'rg-contoso')),
  ]);
});

test.each(settingsOf('key file'))(
  'a reference in the file of %s is no key, and no platform will resolve it',
  (name) => {
    expect(problemsOf(withKey(name, REFERENCE))).toEqual([
      expect.stringMatching(/key is a reference to a secret.*Write the key itself/),
    ]);
  },
);

const AGAIN = 'Do not make another key: set it from the file, such as: az keyvault secret set';

/** How a key is damaged on its way, and what is said of it. */
const DAMAGES: readonly (readonly [string, (pem: string) => string, string])[] = [
  ['with \\n for its line ends', (pem) => pem.replaceAll('\n', '\\n'), 'has its line ends written as "\\n"'],
  ['with \\r\\n for its line ends', (pem) => pem.replaceAll('\n', '\\r\\n'), 'has its line ends written as "\\n"'],
  ['with blanks for its line ends', (pem) => pem.replaceAll('\n', ' '), 'has blanks where its line ends were'],
  ['without line ends', (pem) => pem.replaceAll('\n', ''), 'has lost its line ends'],
  ['in double quotation marks', (pem) => `"${pem}"`, 'stands in quotation marks'],
  ['in single quotation marks', (pem) => `'${pem.trim()}'`, 'stands in quotation marks'],
  ['as a string of JSON', (pem) => JSON.stringify(pem), 'stands in quotation marks'],
  [
    'with a byte order mark read as Latin 1',
    (pem) => `ï»¿${pem}`,
    'has a byte order mark that was read in another encoding',
  ],
  ['in base64', (pem) => Buffer.from(pem).toString('base64'), 'is written in base64 once more'],
  [
    'in base64 with a byte order mark',
    (pem) => Buffer.from(`\ufeff${pem}`).toString('base64'),
    'is written in base64 once more',
  ],
  ['in base64 of UTF-16', (pem) => Buffer.from(pem, 'utf16le').toString('base64'), 'is written in base64 once more'],
  ['without its first line', (pem) => pem.split('\n').slice(1).join('\n'), 'has lost its first line'],
  ['without its first and last line', (pem) => pem.split('\n').slice(1, -2).join('\n'), 'has lost its first line'],
  ['without its first characters', (pem) => pem.slice(3), 'has lost a part of its first line'],
  [
    'without the end of its first line',
    (pem) => pem.replace('KEY-----\n', 'KEY---\n'),
    'has lost a part of its first line',
  ],
  ['with the dashes of a word processor', (pem) => pem.replaceAll('-----', '—–'), 'has other dashes than "-"'],
  ['that is cut', (pem) => pem.slice(0, 120), 'is cut: its last line is missing'],
  ['without its last characters', (pem) => pem.trim().slice(0, -3), 'is cut: its last line is missing'],
  ['after other text', (pem) => `Bag Attributes\n${pem}`, 'has other text before its first line'],
  ['that has lost a line in its middle', (pem) => pem.split('\n').toSpliced(1, 1).join('\n'), 'cannot be read'],
];

/** The same of a key as JSON. */
const JSON_DAMAGES: readonly (readonly [string, (jwk: string) => string, string])[] = [
  ['in quotation marks', (jwk) => `'${jwk}'`, 'stands in quotation marks'],
  ['as a string of JSON', (jwk) => JSON.stringify(jwk), 'stands in quotation marks'],
  ['with backslashes', (jwk) => jwk.replaceAll('"', '\\"'), 'has backslashes before its quotation marks'],
  ['without quotation marks', (jwk) => jwk.replaceAll('"', ''), 'has lost its quotation marks'],
  ['in base64', (jwk) => Buffer.from(jwk).toString('base64'), 'is written in base64 once more'],
  ['that is cut', (jwk) => jwk.slice(0, -10), 'is not complete JSON'],
];

const KEY_SETTINGS = settingsOf('key', 'key file');

test.each([
  ...DAMAGES.map(([how, damage, told]) => [`a PEM ${how}`, damage(PEM), told] as const),
  ...JSON_DAMAGES.map(([how, damage, told]) => [`a JWK ${how}`, damage(JWK), told] as const),
])('%s is told as that in every setting that takes a key, and nobody is to make another', (_, text, told) => {
  for (const name of KEY_SETTINGS) {
    const [problem, ...others] = problemsOf(withKey(name, text));
    expect([problem, others], name).toEqual([expect.stringContaining(`key ${told}`), []]);
    expect(problem).toMatch(new RegExp(`^${name}: The (?:signing|root) key `));
    expect(problem).toContain(AGAIN);
  }
});

const pemOf = (type: 'pkcs1' | 'pkcs8' | 'sec1', kind = privateKey) => kind.export({ type, format: 'pem' }).toString();
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const label = (name: string) => `-----BEGIN ${name}-----\nMIIBAAAA\n-----END ${name}-----\n`;

const OTHER_KINDS: readonly (readonly [string, string, string])[] = [
  [
    'a public key',
    publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'has no private half: it is a public key',
  ],
  ['a public JWK', JSON.stringify(publicKey.export({ format: 'jwk' })), 'has no private half: it is a public JWK'],
  ['a public RSA key', label('RSA PUBLIC KEY'), 'has no private half: it is a public key'],
  ['a certificate', label('CERTIFICATE'), 'is a certificate'],
  ['a certificate request', label('CERTIFICATE REQUEST'), 'is a certificate'],
  [
    'a key in SEC1',
    pemOf('sec1'),
    'is SEC1, not PKCS#8. Convert it: openssl pkcs8 -topk8 -nocrypt -in FILE -out key.pem',
  ],
  ['EC parameters', `${label('EC PARAMETERS')}${pemOf('sec1')}`, 'is SEC1, not PKCS#8. Convert it: openssl pkcs8'],
  ['an encrypted key', label('ENCRYPTED PRIVATE KEY'), 'is encrypted. Decrypt it: openssl pkcs8'],
  [
    'an OpenSSH key',
    label('OPENSSH PRIVATE KEY'),
    'is in the format of OpenSSH. Convert it: ssh-keygen -p -m PKCS8 -f FILE',
  ],
  ['an RSA key', pemOf('pkcs1', RSA), 'is an RSA key'],
  ['an RSA key in PKCS#8', pemOf('pkcs8', RSA), 'is not on curve P-256'],
];

test.each(OTHER_KINDS)('%s is told as that in every setting that takes a key', (_, text, told) => {
  for (const name of KEY_SETTINGS) {
    const problems = problemsOf(withKey(name, text));
    expect(problems[0], name).toMatch(/^[A-Z_]+: The (?:signing|root) key /);
    expect(problems[0], name).toContain(`key ${told}`);
  }
});

test.each(settingsOf('key'))('a byte order mark, blanks around it and line ends of Windows do %s no harm', (name) => {
  for (const text of [`\ufeff${PEM}`, `\n  ${PEM}  \n`, PEM.replaceAll('\n', '\r\n'), `\ufeff${JWK}\r\n`]) {
    expect(problemsOf(withKey(name, text))).toEqual([]);
  }
});

test('of two root keys a damaged second one is not left out in silence', () => {
  const second = pemOf('pkcs8', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  expect(problemsOf({ ...GOOD_SETTINGS, ROOT_KEY: `${PEM}${second}` })).toEqual([]);
  for (const [, damage] of DAMAGES.slice(0, -1)) {
    const problems = problemsOf({ ...GOOD_SETTINGS, ROOT_KEY: `${PEM}${damage(second)}` });
    expect(problems, damage(second)).toEqual([
      expect.stringMatching(/^ROOT_KEY: The root key .*Do not make another key/),
    ]);
  }
});

test.each(settingsOf('key file'))('a key where %s wants the path of a file is not repeated', (name) => {
  const [other] = name.split('_FILE');
  for (const text of [PEM, JWK, PEM.replaceAll('\n', '')]) {
    expect(problemsOf({ ...GOOD_SETTINGS, [other ?? '']: '', [name]: text })).toEqual([
      `${name}: It does not name a file of a folder that is there. Write the path of the file into it, not what the file has.`,
    ]);
  }
});

/** Whether the message has eight characters in a row of the text. */
function repeats(message: string, text: string): boolean {
  return Array.from({ length: Math.max(0, text.length - 7) }, (_, at) => text.slice(at, at + 8)).some((part) =>
    message.includes(part),
  );
}

/** What nobody but the service may see of a key or a secret, in each way of writing it. */
function secretParts(): { readonly whole: readonly string[]; readonly parts: readonly string[] } {
  const secret = randomBytes(32);
  const [, ...lines] = PEM.trim().split('\n');
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const connection = `AccountName=contoso;AccountKey=${secret.toString('base64')};EndpointSuffix=core.windows.net`;
  return {
    whole: [PEM, JWK, `k1:${secret.toString('base64url')}`, secret.toString('base64'), connection],
    parts: [...lines.slice(0, -1), d, secret.toString('base64url'), secret.toString('base64')],
  };
}

const CHANGES: readonly ((text: string) => string)[] = [
  (text) => text,
  ...DAMAGES.map(([, damage]) => damage),
  ...JSON_DAMAGES.map(([, damage]) => damage),
  (text) => text.split('').reverse().join(''),
  (text) => `${text},${text}`,
  (text) => ` ${text.replaceAll('=', '%3D')}`,
];

test('no message repeats a key or a secret, in whichever setting it stands and however it was damaged', () => {
  const { whole, parts } = secretParts();
  const text = fc.record({
    value: fc.constantFrom(...whole),
    changes: fc.array(fc.constantFrom(...CHANGES), { maxLength: 3 }),
  });
  const names = fc.constantFrom(...Object.keys(KINDS));
  const property = fc.property(names, text, fc.boolean(), (name, { value, changes }, inFile) => {
    const changed = changes.reduce((before, change) => change(before), value);
    if (inFile) writeFileSync(KEY_FILE, changed);
    const message = problemsOf({ ...GOOD_SETTINGS, [name]: inFile ? KEY_FILE : changed }).join('\n');
    for (const part of [...parts, changed.slice(40)].flatMap((one) => [one, one.split('').reverse().join('')])) {
      expect(repeats(message, part.replaceAll(KEY_FILE, '')), `${name}: ${message}`).toBe(false);
    }
  });
  fc.assert(property, { numRuns: 150 });
});
