import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCandidates, createGenuineCandidates } from './candidates.ts';
import { writeClientTable } from './client/clientReport.ts';
import { measureClient } from './client/measureClient.ts';
import { createEmulatorCandidates } from './emulating.ts';
import { createHostileCandidates } from './hostile.ts';
import { measureMemory } from './memory.ts';
import { measureOperators } from './operatorsCost.ts';
import { measureQuestions } from './operatorsQuestions.ts';
import { HELP, readOptions, UsageError } from './options.ts';
import type { BenchOptions } from './options.ts';
import { createMicros, describeRun, writeTable } from './report.ts';
import { measureInTurn } from './rounds.ts';
import { measureRequests } from './service/measureRequests.ts';
import { measureStart } from './service/measureStart.ts';
import { writeRequestTable, writeStartTable } from './service/serviceReport.ts';
import { measureStranger } from './stranger.ts';
import { createSubject, readGenuineSubject } from './subject.ts';

/**
 * `npm run bench`: times, ratios and memory of the verifier and of the emulator, of the client, of the service's requests
 * and its start, or of the requests of strangers or operators, in one run.
 */

const PAGE = join(import.meta.dirname, '../../docs/performance.md');
const KEPT = {
  bench: /(?<=<!-- bench -->\n\n)[^]*?(?=\n<!-- end of bench -->)/,
  client: /(?<=<!-- client -->\n\n)[^]*?(?=\n<!-- end of client -->)/,
  requests: /(?<=<!-- requests -->\n\n)[^]*?(?=\n<!-- end of requests -->)/,
  start: /(?<=<!-- start -->\n\n)[^]*?(?=\n<!-- end of start -->)/,
  stranger: /(?<=<!-- stranger -->\n\n)[^]*?(?=\n<!-- end of stranger -->)/,
} as const;

async function run(options: BenchOptions): Promise<void> {
  if (options.operatorsCost) {
    print(await measureOperators(options.licences));
    return;
  }
  if (options.operators) {
    print(await measureQuestions(options.licences));
    return;
  }
  if (options.client) show('client', options, writeClientTable(await measureClient(options)));
  else if (options.requests) show('requests', options, writeRequestTable(await measureRequests(options)));
  else if (options.start) show('start', options, writeStartTable(await measureStart(options)));
  else if (options.stranger) show('stranger', options, await measureStranger(options));
  else await runVerifier(options);
}

function show(name: keyof typeof KEPT, { rounds, write }: BenchOptions, table: string): void {
  const report = `${describeRun(rounds)}\n\n${table}`;
  print(report);
  if (write) keep(name, report);
}

async function runVerifier(options: BenchOptions): Promise<void> {
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
  show('bench', options, writeTable(medians, memory));
}

function keep(name: keyof typeof KEPT, report: string): void {
  const page = readFileSync(PAGE, 'utf8');
  if (!KEPT[name].test(page)) throw new Error('docs/performance.md has lost the marks around a table');
  writeFileSync(
    PAGE,
    page.replace(KEPT[name], () => report),
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
