import { formatInstant } from '../contract/instants.ts';
import type { LicenceCheck, Progress } from '../client/index.ts';
import type { Stack, StackProgress } from './stack.ts';

/** Tells people, or with `--json` programs, what `npm start` does. */
export interface Narrator {
  readonly title: (text: string) => void;
  readonly part: (event: StackProgress) => void;
  readonly step: (event: Progress) => void;
  /** All is up. */
  readonly up: (stack: Stack) => void;
  readonly result: (check: LicenceCheck) => void;
  /** The same, without the claims. */
  readonly outcome: (check: LicenceCheck) => void;
  /** A command line, as it is typed. */
  readonly command: (args: readonly string[]) => void;
  /** What a command said. */
  readonly output: (text: string) => void;
  /** What can be tried now. */
  readonly invite: (stack: Stack) => void;
}

const PARTS = {
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
    up: ({ serviceUrl: service, imdsUrl: imds, connectionString: store, authorityFile: authority, ...stack }) =>
      print({ service, imds, store, authority, operatorTokens: stack.operatorTokens, rootKeys: stack.rootKeys }),
    outcome: (check) => say(describeOutcome(check)),
    command: (args) => say(`  $ countersign ${args.join(' ')}`),
    output: (text) => say(text.trimEnd().replace(/^(?=.)/gm, '    ')),
    result: (check) => {
      say(describeResult(check));
      if (check.licence !== undefined) print({ claims: check.licence });
    },
    invite: (stack) => say(inviteTo(stack)),
  };
}

function describePart(event: StackProgress): string {
  const name = PARTS[event.part].padEnd(18);
  return event.state === 'starting' ? `${name} starting …` : `${name} ${event.where}`;
}

function describeStep(event: Progress): string {
  switch (event.step) {
    case 'key':
      return `key                ${event.created ? 'a new key pair' : 'the key pair of this VM'}, thumbprint ${event.thumbprint}`;
    case 'cache':
      return `cache              ${event.found === 'nothing' ? 'no licence from an earlier boot' : `a licence: ${event.found}`}`;
    case 'vm':
      return `IMDS               this VM is ${event.vmId}`;
    case 'challenge':
      return 'challenge          issued by our issuer, for our key; its nonce recomputed';
    case 'document':
      return `attested document  ${event.fresh ? 'carries the nonce of the challenge' : 'carries another nonce'} (request ${event.tries})`;
    case 'key_set':
      return `key set            from the ${event.from}`;
    case 'licence':
      return `licence            "${event.id}", valid until ${event.expiresAt}: signature, issuer, audience, VM, key and times verified`;
    case 'problem':
      return `refused            ${event.status} ${event.code}`;
    case 'waiting':
      return `waiting            ${(event.milliseconds / 1000).toFixed(1)} s for ${event.for === 'imds' ? 'IMDS' : 'the service'}`;
    case 'clock_set_back':
      return `clock              set back by ${(event.milliseconds / 1000).toFixed(0)} s since the last check`;
    case 'cache_not_written':
      return `cache              a file could not be written (${event.code})`;
    case 'denial_ignored':
      return `denial             not for us: ${event.why}`;
    case 'starting_over':
      return `starting over      time ${event.times}`;
  }
}

function describeOutcome({ state, code, reason, correlationId }: LicenceCheck): string {
  const facts = [`\n${state}${code === undefined ? '' : `: ${code}`}`, `  ${reason}`];
  if (correlationId !== undefined) facts.push(`  correlation id ${correlationId}`);
  return facts.join('\n');
}

function describeResult(check: LicenceCheck): string {
  const { licence } = check;
  if (licence === undefined) return describeOutcome(check);
  const validUntil = formatInstant(licence.exp * 1000);
  const claims = JSON.stringify(licence, null, 2);
  return `${describeOutcome(check)}\n\nThe licence's claims (valid until ${validUntil})\n${claims}`;
}

function inviteTo({ serviceUrl, imdsUrl, authorityFile, operatorTokenFile }: Stack): string {
  return `
Running: service ${serviceUrl}, IMDS ${imdsUrl} (VMs at ${imdsUrl}/vms/NAME; fleet-1, fleet-2, … are made up on demand)

Try:
  curl -s ${serviceUrl}/readyz
  curl -s -X POST -H 'Content-Type: application/json' -d '{}' ${serviceUrl}/v1/challenges
  curl -s -H Metadata:true '${imdsUrl}/metadata/attested/document?api-version=2020-09-01&nonce=1234567890'

A document from there verifies with
  npm run -s cli -- verify FILE --trust-pem ${authorityFile} --domain metadata.emulator.test

The operators' side, in another terminal:
  export COUNTERSIGN_URL=${serviceUrl} COUNTERSIGN_TOKEN="$(cat ${operatorTokenFile})"
  npm run -s cli -- activations list --cloud emulator --subscription 8d10da13-8125-4ba9-a717-bf7490507b3d
  npm run -s cli -- decisions list

Ctrl-C stops everything.`;
}
