import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer, Rule } from './standIns.ts';

// The program behind every stand-in, `node standIn.ts FOLDER NAME ARGUMENTS…`: see standIns.ts.

const [folder = '', name = '', ...args] = process.argv.slice(2);
const asked = args.join(' ').replaceAll('\n', ' ');
appendFileSync(join(folder, 'calls'), `${[name, asked].join(' ').trim()}\n`);

const rules = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as readonly Rule[];
const place = rules.findIndex(({ on }) => asked.includes(on));
const counter = join(folder, `${name}.${place}`);
const count = existsSync(counter) ? Number(readFileSync(counter, 'utf8')) : 0;
writeFileSync(counter, String(count + 1));

const unexpected: Answer = { exit: 70, stderr: `The stand-in of ${name} has no answer to: ${asked}\n` };
const { answers } = rules[place] ?? { answers: [unexpected] };
const { exit = 0, stdout = '', stderr = '' } = answers[Math.min(count, answers.length - 1)] ?? unexpected;
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exit;
