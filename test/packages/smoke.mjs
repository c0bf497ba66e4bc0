/*
 * Installs the tarballs of `npm run pack` into an empty folder, as a vendor would, and runs what they promise with the Node
 * that runs this file: `npm run pack && node test/packages/smoke.mjs`. Plain JavaScript, because that Node may be the oldest
 * one that the packages promise.
 *
 * --tarballs DIR                                  instead of dist/packages
 * --document FILE --at TIME --certificates DIR    a genuine document that must be accepted at that time, with these CA certificates
 * --stack JSON                                    a running service that must license this VM: { issuer, imdsUrl, product, trust }
 */
import { deepStrictEqual, match, strictEqual } from 'node:assert';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const options = Object.fromEntries(
  ['tarballs', 'document', 'at', 'certificates', 'stack'].map((name) => [name, { type: 'string' }]),
);
const { values } = parseArgs({ options });
const TARBALLS = resolve(values.tarballs ?? join(import.meta.dirname, '../../dist/packages'));
const NAMES = ['@countersign/client', '@countersign/verifier', 'countersign'];

const folder = mkdtempSync(join(tmpdir(), 'countersign-smoke-'));
const home = join(folder, 'home');
const env = {
  ...process.env,
  ...{ HOME: home, LOCALAPPDATA: home, XDG_DATA_HOME: '' },
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
};

/**
 * @param {string} text
 * @returns {Record<string, unknown>}
 */
function parseJson(text) {
  /** @type {unknown} */
  const value = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`This is no JSON object: ${text}`);
  return { ...value };
}

/** @param {import('node:stream').Readable} stream */
async function readLine(stream) {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('It ended without a line.');
}

function install() {
  mkdirSync(home);
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const tarballs = readdirSync(TARBALLS).filter((name) => name.endsWith('.tgz'));
  // On Windows npm is a command for a shell. The one argument that is not constant is a path that this file chose.
  const paths = tarballs.map((name) => JSON.stringify(join(TARBALLS, name))).join(' ');
  const command = `npm install --no-audit --no-fund --offline --cache ${JSON.stringify(join(folder, 'cache'))} ${paths}`;
  execFileSync(command, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], shell: true, env });
  const { dependencies } = parseJson(readFileSync(join(folder, 'package.json'), 'utf8'));
  deepStrictEqual(Object.keys(dependencies ?? {}).sort(), NAMES, 'run npm run pack first');
  passed('install');
}

/** @param {string} what */
function passed(what) {
  process.stdout.write(`ok ${what}\n`);
}

/**
 * The command, by the script that npm links to.
 *
 * @param {string[]} args
 */
function commandOf(...args) {
  return [join(folder, 'node_modules/countersign/dist/main.js'), ...args];
}

/** @param {string[]} args */
function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, commandOf(...args), {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/**
 * @param {number} expectedStatus
 * @param {string[]} args
 * @returns {Record<string, unknown>}
 */
function runJson(expectedStatus, ...args) {
  const { status, stdout, stderr } = run(...args, '--json');
  strictEqual(status, expectedStatus, `${args.join(' ')}: ${stderr}`);
  return parseJson(stdout);
}

function tryVersion() {
  const { version } = parseJson(readFileSync(join(folder, 'node_modules/countersign/package.json'), 'utf8'));
  const printed = execFileSync('npx --no-install countersign --version', {
    cwd: folder,
    env,
    encoding: 'utf8',
    shell: true,
  });
  strictEqual(printed.trim(), version);
  passed('countersign --version');
}

function tryHelp() {
  const { status, stdout } = run('licences', 'list', '--help');
  strictEqual(status, 0);
  match(stdout, /^Usage: countersign licences list /);
  passed('countersign licences list --help');
}

async function tryEmulator() {
  const child = spawn(process.execPath, commandOf('imds', '--port', '0', '--authority', 'authority.pem', '--json'), {
    ...{ cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const ended = once(child, 'close');
  const line = await readLine(child.stdout);
  const url = `${String(parseJson(line).url)}/metadata/attested/document?api-version=2020-09-01&nonce=1234567890`;
  const answer = await fetch(url, { headers: { Metadata: 'true' } });
  writeFileSync(join(folder, 'document.json'), await answer.text());
  child.kill();
  await ended;
  passed('countersign imds');
  const trust = ['--trust-pem', 'authority.pem', '--domain', 'metadata.emulator.test', '--nonce', '1234567890'];
  strictEqual(runJson(0, 'verify', 'document.json', ...trust).accepted, true);
  passed('countersign verify, of the emulator');
  match(run('explain', 'document.json', ...trust).stdout, /accepted/i);
  passed('countersign explain');
}

function tryTrust() {
  strictEqual(runJson(2, 'trust', 'status', '--local').verdict === 'ok', false);
  passed('countersign trust status --local, without certificates');
  if (values.certificates === undefined) return;
  strictEqual(runJson(0, 'trust', 'sync', '--from', values.certificates).complete, true);
  strictEqual(runJson(0, 'trust', 'status', '--local').verdict, 'ok');
  passed('countersign trust sync, then trust status --local');
  strictEqual(runJson(0, 'verify', values.document, '--at', values.at).accepted, true);
  passed('countersign verify, of Azure');
}

function tryClient() {
  const own = { issuer: 'http://127.0.0.1:9', product: 'a/b', imdsUrl: 'http://127.0.0.1:9' };
  const given = parseJson(values.stack ?? '{}');
  const call = { ...own, trust: { rootKeys: ['A'.repeat(43)] }, ...given };
  const program = `
    import { checkLicence } from '@countersign/client';
    const { state } = await checkLicence({ ...${JSON.stringify(call)}, folder: ${JSON.stringify(folder)}, once: true });
    console.log(state);
  `;
  writeFileSync(join(folder, 'program.mjs'), program);
  const state = execFileSync(process.execPath, ['program.mjs'], { cwd: folder, env, encoding: 'utf8' }).trim();
  if (values.stack === undefined) match(state, /^(?:unreachable|not_in_azure)$/);
  else strictEqual(state, 'licensed');
  passed(`@countersign/client${values.stack === undefined ? '' : ', licensed'}`);
}

function tryVerifier() {
  const program = `
    import { readFileSync, readdirSync } from 'node:fs';
    import { createTrust, verifyEvidence } from '@countersign/verifier';
    const [folder, document, at] = process.argv.slice(2);
    const certificates = folder === undefined ? [] : readdirSync(folder).map((name) => readFileSync(folder + '/' + name));
    const trust = createTrust({ certificates });
    const evidence = document === undefined ? 'AAAA' : readFileSync(document, 'utf8').trim();
    const verification = verifyEvidence(evidence, { trust, at: at === undefined ? Date.now() : Date.parse(at) });
    console.log(verification.accepted ? trust.missing.length + ' missing, accepted' : verification.code);
  `;
  writeFileSync(join(folder, 'verifier.mjs'), program);
  const { certificates, document, at } = values;
  const args = certificates === undefined ? [] : [certificates, document, at];
  const told = execFileSync(process.execPath, ['verifier.mjs', ...args], { cwd: folder, env, encoding: 'utf8' }).trim();
  strictEqual(told, certificates === undefined ? 'document_malformed' : '0 missing, accepted');
  passed(`@countersign/verifier${certificates === undefined ? '' : ', of Azure'}`);
}

try {
  install();
  tryVersion();
  tryHelp();
  await tryEmulator();
  tryTrust();
  tryClient();
  tryVerifier();
  process.stdout.write(`all on Node ${process.version}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
