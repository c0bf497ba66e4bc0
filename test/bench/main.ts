import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCandidates, createGenuineCandidates } from './candidates.ts';
import { createEmulatorCandidates } from './emulating.ts';
import { createHostileCandidates } from './hostile.ts';
import { measureMemory } from './memory.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import type { BenchOptions } from './options.ts';
import { createMicros, describeRun, writeTable } from './report.ts';
import { measureInTurn } from './rounds.ts';
import { createSubject, readGenuineSubject } from './subject.ts';

/** `npm run bench`: times, ratios and memory of the verifier, and times of the emulator, in one run. */

const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const KEPT_TABLE = /(?<=<!-- bench -->\n\n)[^]*?(?=\n<!-- end of bench -->)/;

async function run(options: BenchOptions): Promise<void> {
  const subject = await createSubject(options.caBits);
  const genuine = options.json ? null : readGenuineSubject();
  const emulator = options.json ? null : await createEmulatorCandidates(subject);
  const candidates = [
    ...(emulator?.candidates ?? []),
    ...(await createCandidates(subject)),
    ...(genuine === null ? [] : createGenuineCandidates(genuine)),
    ...createHostileCandidates(subject),
  ];
  const medians = await measureInTurn(candidates, options);
  await emulator?.close();
  if (options.json) {
    print(`${JSON.stringify({ micros: createMicros(medians) })}\n`);
    return;
  }
  const memory = options.quick ? null : await measureMemory(subject);
  const report = `${describeRun(options.rounds)}\n\n${writeTable(medians, memory)}`;
  print(report);
  if (options.write) keep(report);
}

function keep(report: string): void {
  const page = readFileSync(PAGE, 'utf8');
  if (!KEPT_TABLE.test(page)) throw new Error('docs/performance.md has lost the marks around its table');
  writeFileSync(
    PAGE,
    page.replace(KEPT_TABLE, () => report),
  );
}

function print(text: string): void {
  process.stdout.write(text);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) print(HELP);
  else await run(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\nSee: npm run bench -- --help\n`);
  process.exitCode = 1;
}
