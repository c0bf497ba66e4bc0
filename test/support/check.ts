import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * `npm run check`: everything that CI runs. Every step runs even where an earlier one failed, so that one run tells all of
 * it; the last line is `N passed, N failed, N skipped`, tests and steps together. `npm run full` (`--full`) is the same with
 * the long forms of what searches at random or comes in storms.
 */

/** What `npm test` leaves out: it is to be quick, and to need nothing but Node. */
const CHECKED_FORMS = { TEST_PROGRAMS: '1', STORM_BOOTS: '1000' };

/** How often, instead of the tests' own short forms, and milliseconds that one test may take then. */
const LONG_FORMS = {
  PROPERTY_SEED: 'random',
  CONSOLE_PICTURES: '1',
  SERVICE_BENCHES: '1',
  TEST_TIMEOUT: '14400000',
  STORMS: '50',
  STORM_BOOTS: '2000',
  HISTORIES: '2000',
  WRITER_HISTORIES: '2000',
  MEMORY_HISTORIES: '20000',
  USAGE_MONTHS: '1000',
  INTERLEAVINGS: '3000',
  HOSTILE_VMS: '200',
  FLEET_VMS: '10000',
  SEQUENCES: '3',
  KILL_STEP: '1',
  POWER_LOSS: '1',
  SEAT_FAULTS: '1',
  GUEST_AGENTS: '1',
  INSTALL_CHROMIUM: '1',
  REAL_BOOT: '1',
  SOAK_MINUTES: '2',
};

const ROOT = resolve(import.meta.dirname, '../..');
const RESULTS = join(ROOT, '.work', 'test-results.json');

const REPORTERS = [
  ...['--reporter=default', '--reporter=./test/support/slowestFiles.ts'],
  ...['--reporter=json', `--outputFile.json=${RESULTS}`],
];

const STEPS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'eslint', '--max-warnings', '0', '.'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['unused code', 'knip'],
  ['build', 'node', 'src/dev/build.ts'],
];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function run(command: readonly string[]): boolean {
  const [program = '', ...args] = command;
  const longForms = process.argv.includes('--full') ? LONG_FORMS : {};
  const env = { ...process.env, ...CHECKED_FORMS, ...longForms };
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env });
  return status === 0;
}

/** Steps run beside each other, since each of them keeps one core busy; what one prints comes in one piece. */
async function runStep([name, ...command]: readonly [string, ...string[]], counts: Counts): Promise<void> {
  const started = performance.now();
  const { passed, output } = await runQuietly(command);
  counts[passed ? 'passed' : 'failed']++;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  print(`${output}${passed ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
}

function runQuietly([program = '', ...args]: readonly string[]): Promise<{ passed: boolean; output: string }> {
  return new Promise((done) => {
    let output = '';
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', (error) => {
      done({ passed: false, output: `${String(error)}\n` });
    });
    child.on('close', (status) => {
      done({ passed: status === 0, output });
    });
  });
}

/** The JSON reader is the verifier's too, though others may use it. */
const JSON_READER = 'test/contract/strictJson.test.ts';

/** The verifier's tests run apart from the others, because every branch of it must be covered by its own tests. */
const TEST_RUNS: readonly (readonly string[])[] = [
  ['vitest', 'run', '--exclude', 'test/verifier/**', '--exclude', JSON_READER],
  [
    ...['vitest', 'run', 'test/verifier', JSON_READER, '--coverage'],
    ...['--coverage.include=src/verifier/**', '--coverage.include=src/contract/strictJson.ts'],
    ...['--coverage.reporter=text-summary', '--coverage.reportsDirectory=.work/coverage'],
    ...['branches', 'functions', 'lines'].map((what) => `--coverage.thresholds.${what}=100`),
  ],
];

function runTests(command: readonly string[], counts: Counts): void {
  rmSync(RESULTS, { force: true });
  mkdirSync(join(ROOT, '.work'), { recursive: true });
  const passed = run([...command, ...REPORTERS]);
  const results = readResults();
  counts.passed += results.passed;
  counts.failed += results.failed;
  counts.skipped += results.skipped;
  // A run that failed without a failed test (too little coverage, a file that does not load, an unhandled error) has failed.
  if (!passed && results.failed === 0) counts.failed++;
}

function readResults(): Counts {
  try {
    const results = JSON.parse(readFileSync(RESULTS, 'utf8')) as Record<string, number>;
    const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0 } = results;
    return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
await Promise.all(STEPS.map((step) => runStep(step, counts)));
for (const tests of TEST_RUNS) runTests(tests, counts);
print(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
