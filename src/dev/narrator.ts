import { CONSOLE_PATH } from '../operators/console/routes.ts';
import type { Answer, Licence, Progress } from '../client/index.ts';
import type { Stack, StackProgress } from './stack.ts';

/** Tells people, or with `--json` programs, what `npm start` does. */
export interface Narrator {
  readonly title: (text: string) => void;
  readonly part: (event: StackProgress) => void;
  readonly step: (event: Progress) => void;
  /** All is up. */
  readonly up: (stack: Stack) => void;
  readonly result: (check: Answer) => void;
  /** The same, without the claims. */
  readonly outcome: (check: Answer) => void;
  /** A command line, as it is typed. */
  readonly command: (args: readonly string[]) => void;
  /** What a command said. */
  readonly output: (text: string) => void;
  /** A line of the service's log. */
  readonly log: (line: string) => void;
  /** What can be tried now. @param refused the id of a decision that refused a VM; null where there is none yet */
  readonly invite: (stack: Stack, refused: string | null) => void;
}

const PARTS = {
  build: 'bundle',
  store: 'store',
  imds: 'IMDS emulator',
  service: 'service',
  catalogue: 'catalogue',
  root: 'root key',
} as const;

export function createNarrator(json: boolean): Narrator {
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);
  const print = (value: unknown) => json && process.stdout.write(`${JSON.stringify(value)}\n`);
  return {
    title: (text) => say(`\n${text}`),
    part: (event) => say(`  ${describePart(event)}`),
    step: (event) => say(`  ${describeStep(event)}`),
    up: (stack) => print(describeStack(stack)),
    log: (line) => say(`  service │ ${line}`),
    outcome: (check) => say(describeOutcome(check)),
    command: (args) => say(`  $ countersign ${args.join(' ')}`),
    output: (text) => say(text.trimEnd().replace(/^(?=.)/gm, '    ')),
    result: (check) => {
      say(describeResult(check));
      if (check.licence !== undefined) print({ claims: claimsOf(check.licence) });
    },
    invite: (stack, refused) => say(inviteTo(stack, refused)),
  };
}

/** The line of `--json`. */
function describeStack(stack: Stack): unknown {
  return {
    service: stack.serviceUrl,
    imds: stack.imdsUrl,
    store: stack.connectionString,
    authority: stack.authorityFile,
    operatorTokens: stack.operatorTokens,
    rootKeys: stack.rootKeys,
    console: consoleOf(stack),
    log: stack.logFile,
  };
}

function consoleOf({ serviceUrl }: Stack): string {
  return `${serviceUrl}${CONSOLE_PATH.replace(/\/$/, '')}`;
}

function describePart(event: StackProgress): string {
  const name = PARTS[event.part].padEnd(18);
  switch (event.state) {
    case 'starting':
      return `${name} starting …`;
    case 'slow':
      return `${name} not up after ${event.seconds} s. ${event.advice}`;
    case 'up':
      return `${name} ${event.where}`;
  }
}

function describeStep(event: Progress): string {
  switch (event.step) {
    case 'lock':
      return 'folder             another process is checking; waiting for it';
    case 'key':
      return `key                the key pair of this VM, thumbprint ${event.thumbprint}`;
    case 'cache':
      return `cache              ${describeCache(event.found)}`;
    case 'chassis_foreign':
      return "chassis            not Azure's";
    case 'vm':
      return `IMDS               this VM is ${event.vmId}`;
    case 'challenge':
      return 'challenge          issued by our issuer, for our key; its nonce recomputed';
    case 'document':
      return `attested document  ${event.fresh ? 'carries the nonce of the challenge' : 'carries another nonce'} (request ${event.tries})`;
    case 'user_data':
      return `user data          ${event.hasClaim ? 'has a claim code' : 'has no claim code'}`;
    case 'key_set':
      return `key set            from the ${event.from}`;
    case 'licence':
      return `licence            "${event.id}", valid until ${event.expiresAt}: signature, issuer, audience, VM, key and times verified`;
    case 'problem':
      return `refused            ${event.status} ${event.code}`;
    case 'waiting':
      return `waiting            ${(event.milliseconds / 1000).toFixed(1)} s for ${event.for === 'imds' ? 'IMDS' : 'the service'}`;
    case 'clock_set_back':
      return `clock              behind by ${(event.milliseconds / 1000).toFixed(0)} s`;
    case 'clock_ahead':
      return `clock              ahead by ${(event.milliseconds / 1000).toFixed(0)} s`;
    case 'released':
      return `seat               given back; free at ${event.seatFreeAt}`;
    case 'cache_not_written':
      return `cache              a file could not be written (${event.code})`;
    case 'denial_ignored':
      return `denial             not for us: ${event.why}`;
    case 'starting_over':
      return `starting over      time ${event.times}`;
  }
}

function describeCache(found: Extract<Progress, { step: 'cache' }>['found']): string {
  if (found === 'nothing') return 'no licence from an earlier boot';
  return found === 'denial' ? 'a denial from an earlier boot' : `a licence: ${found}`;
}

function describeOutcome({ state, code, reason, correlationId, licence }: Answer): string {
  const facts = [`\n${state}${code === undefined ? '' : `: ${code}`}`];
  facts.push(`  ${reason ?? `The licence is valid until ${licence.expiresAt}.`}`);
  if (correlationId !== undefined) facts.push(`  correlation id ${correlationId}`);
  return facts.join('\n');
}

function describeResult(check: Answer): string {
  const { licence } = check;
  if (licence === undefined) return describeOutcome(check);
  const claims = JSON.stringify(claimsOf(licence), null, 2);
  return `${describeOutcome(check)}\n\nThe licence's claims (valid until ${licence.expiresAt})\n${claims}`;
}

/** What the client has verified, as it stands in the token. */
function claimsOf({ token }: Licence): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

/** What operators look at. Each can be pasted. */
function listCommands(refused: string | null): readonly string[] {
  return [
    'status',
    'search customer',
    'licences list',
    'pools list --sort fullest',
    'activations list --cloud emulator --subscription 8d10da13-8125-4ba9-a717-bf7490507b3d',
    'decisions list --limit 5',
    ...(refused === null ? [] : [`decisions explain ${refused}`]),
    'changes list --limit 5',
    'licences suspend customer --dry-run',
    'decisions tail',
  ].map((command) => `npm run -s cli -- ${command}`);
}

function inviteTo(stack: Stack, refused: string | null): string {
  const { serviceUrl, imdsUrl, authorityFile, operatorTokenFiles, logFile } = stack;
  return `
Running: service ${serviceUrl}, IMDS ${imdsUrl} (VMs at ${imdsUrl}/vms/NAME; fleet-1, fleet-2, … are made up on demand)

Try:
  curl -s ${serviceUrl}/readyz
  curl -s -X POST -H 'Content-Type: application/json' -d '{}' ${serviceUrl}/v1/challenges
  curl -s -H Metadata:true '${imdsUrl}/metadata/attested/document?api-version=2020-09-01&nonce=1234567890'

A document from there verifies with
  npm run -s cli -- verify FILE --trust-pem ${authorityFile} --domain metadata.emulator.test

The operators' side, in another terminal. Operator.token and Reader.token are there too, for these roles:
  export COUNTERSIGN_URL=${serviceUrl} COUNTERSIGN_TOKEN="$(cat ${operatorTokenFiles.Admin})"
  ${listCommands(refused).join('\n  ')}

The operators' console, in a browser; choose there whether to be Reader, Operator or Admin:
  ${consoleOf(stack)}

The service's log: ${logFile}

Ctrl-C stops everything.`;
}
