import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Whether the client and the agent are measured instead of the verifier. */
  readonly client: boolean;
  /** Whether the requests of strangers are measured instead of the verifier. */
  readonly stranger: boolean;
  /** Whether the largest requests of operators are measured instead. */
  readonly operatorsCost: boolean;
  /** Whether what operators ask every day is measured instead. */
  readonly operators: boolean;
  /** In the store of those. */
  readonly licences: number;
  /** How many requests of strangers come in a minute, or in the part of it that fewer than 10,000 take. */
  readonly flood: number;
  /** Whether the CPU and the memory of the service's own process are measured instead. */
  readonly requests: boolean;
  /** After so many of them its memory is read. */
  readonly renewals: number;
  /** Whether what a start of the service loads is measured instead. */
  readonly start: boolean;
  readonly json: boolean;
  /** Times alone, in fewer rounds. */
  readonly quick: boolean;
  /** Whether the table is put into docs/performance.md. */
  readonly write: boolean;
  readonly rounds: number;
  /** Microseconds that each candidate runs in each round, or a little longer where one run takes longer. */
  readonly slice: number;
  /** Length of the CAs' RSA keys. */
  readonly caBits: 2048 | 4096;
}

export const HELP = `npm run bench [-- OPTIONS]

Measures the verifier against what the cryptography alone costs, and prints a table: medians of many short rounds that
are taken in turn, so that whatever else the machine does is shared by all candidates alike.

  --quick      times alone, in fewer rounds: under a minute
  --json       the same selection; prints nothing but { "micros": { … } }, medians in microseconds
  --write      puts the table into docs/performance.md as well
  --rounds N   rounds of each candidate (401; 201 with --quick or --json; 51 with --stranger or --client; 21 with
               --requests or --start); fewer than 5 are good for trying out alone
  --slice US   microseconds of each candidate in each round (500)
  --ca-bits N  RSA keys of the CAs: 4096 as the genuine ones (the default), or 2048, which are made faster
  --client     instead of the verifier: sizes, times, requests and memory of the client and the agent, as they are
               published: under a minute
  --stranger   instead of the verifier: what each request without evidence or token costs the running service in time and
               memory, and 10,000 of them in a minute: about two minutes
  --flood N    requests of that minute (10000), as many a second however many there are
  --requests   instead of the verifier: what requests of VMs cost the process of the service that "npm start" starts, in
               CPU and memory: about ten minutes
  --renewals N renewals of a VM after which its memory is read (10000)
  --start      instead of the verifier: what a start of the service loads, and what that costs: about a minute
  --operators-cost
               instead of the verifier: how long the largest requests of operators hold the service at a time, with
               10,000 licences in a store: about a minute
  --operators  instead of the verifier: how long what operators ask every day takes (search, overview, pools, lists), with
               1,000 licences, 20,000 VMs and 50,000 decisions in a store: several minutes, most of them for filling it
  --licences N licences in that store (10000; 1000 with --operators, and 20 VMs and 50 decisions for each)
  --help       this text

Examples:
  npm run bench
  npm run -s bench -- --json
  npm run bench -- --client
  npm run bench -- --stranger
  npm run bench -- --requests
  npm run bench -- --start
  npm run bench -- --operators-cost
  npm run bench -- --operators
`;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * @returns null where help is asked for
 * @throws {UsageError}
 */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const values = parse(args);
  if (values.help === true) return null;
  const json = values.json === true;
  const write = values.write === true;
  if (json && write) throw new UsageError('--json and --write exclude each other');
  const quick = json || values.quick === true;
  const subject = readSubject(values);
  if (subject !== undefined && quick) throw new UsageError(`--${subject} excludes --json and --quick`);
  const isOfOperators = subject === 'operators-cost' || subject === 'operators';
  if (isOfOperators && write) throw new UsageError(`--${subject} excludes --write`);
  const is = (name: Subject) => subject === name;
  return {
    ...{
      json,
      quick,
      write,
      client: is('client'),
      stranger: is('stranger'),
      requests: is('requests'),
      start: is('start'),
    },
    ...{ operators: is('operators'), operatorsCost: is('operators-cost') },
    flood: readNumber('--flood', values.flood, 10_000),
    renewals: readNumber('--renewals', values.renewals, 10_000),
    rounds: readNumber('--rounds', values.rounds, subject === undefined ? (quick ? 201 : 401) : ROUNDS[subject]),
    licences: readNumber('--licences', values.licences, is('operators') ? 1_000 : 10_000),
    slice: readNumber('--slice', values.slice, 500),
    caBits: readCaBits(values['ca-bits']),
  };
}

const SUBJECTS = ['client', 'stranger', 'requests', 'start', 'operators-cost', 'operators'] as const;

type Subject = (typeof SUBJECTS)[number];

/** Those that operators are measured in are one. */
const ROUNDS: Readonly<Record<Subject, number>> = {
  ...{ client: 51, stranger: 51, requests: 21, start: 21, 'operators-cost': 1, operators: 1 },
};

/** What is measured instead of the verifier. */
function readSubject(values: ReturnType<typeof parse>): Subject | undefined {
  const [subject, other] = SUBJECTS.filter((name) => values[name] === true);
  if (other !== undefined) throw new UsageError(`--${other} excludes --${subject ?? ''}`);
  return subject;
}

function parse(args: readonly string[]) {
  const options = {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    write: { type: 'boolean' },
    client: { type: 'boolean' },
    stranger: { type: 'boolean' },
    'operators-cost': { type: 'boolean' },
    operators: { type: 'boolean' },
    licences: { type: 'string' },
    requests: { type: 'boolean' },
    start: { type: 'boolean' },
    flood: { type: 'string' },
    renewals: { type: 'string' },
    rounds: { type: 'string' },
    slice: { type: 'string' },
    'ca-bits': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'unreadable options');
  }
}

function readNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^[1-9]\d{0,3}$/.test(text) || text === '10000') return Number(text);
  throw new UsageError(`${name} takes a number from 1 to 10000`);
}

function readCaBits(text = '4096'): 2048 | 4096 {
  if (text === '4096') return 4096;
  if (text === '2048') return 2048;
  throw new UsageError('--ca-bits takes 2048 or 4096');
}
