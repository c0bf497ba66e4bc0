import { Command } from '@commander-js/extra-typings';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Session } from './command.ts';
import { examples } from './help.ts';

/** A test compares it with package.json. */
export const VERSION = '0.1.0';

interface Entry {
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Loads the command's code, so that no command waits for the code of another. */
  readonly load: (session: Session) => Promise<CommandUnknownOpts>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  verify: {
    summary: 'verify an attested document',
    load: async (session) => (await import('./commands/documents/verify.ts')).createVerify(session),
  },
  explain: {
    summary: 'explain an attested document: every check, its outcome, what to do',
    load: async (session) => (await import('./commands/documents/explain.ts')).createExplain(session),
  },
  trust: {
    summary: 'download the pinned certificates, report trust status, pin and distrust',
    load: async (session) => (await import('./commands/trust/trust.ts')).createTrustCommand(session),
  },
  apply: {
    summary: 'put offers and licences from a file into a service',
    load: async (session) => (await import('./commands/sold/apply.ts')).createApply(session),
  },
  offers: {
    summary: 'list, show, change, suspend, resume, delete and override offers',
    load: async (session) => (await import('./commands/sold/offers.ts')).createOffers(session),
  },
  licences: {
    summary: 'list, grant, change, suspend, revoke, delete, import and export licences',
    load: async (session) => (await import('./commands/sold/licences.ts')).createLicences(session),
  },
  claims: {
    summary: 'create, list and revoke claim codes',
    load: async (session) => (await import('./commands/sold/claims.ts')).createClaims(session),
  },
  activations: {
    summary: 'list, block and unblock VMs',
    load: async (session) => (await import('./commands/vms/activations.ts')).createActivations(session),
  },
  activate: {
    summary: 'issue a licence by file, for a VM that cannot reach the service',
    load: async (session) => (await import('./commands/vms/activate.ts')).createActivate(session),
  },
  decisions: {
    summary: 'list, count and explain decisions: why a VM was refused',
    load: async (session) => (await import('./commands/look/decisions.ts')).createDecisions(session),
  },
  status: {
    summary: 'show whether the service is ready, who is refused, which pools are full, what ends soon',
    load: async (session) => (await import('./commands/look/status.ts')).createStatus(session),
  },
  search: {
    summary: 'find licences, customers, subscriptions, VMs and decisions',
    load: async (session) => (await import('./commands/look/search.ts')).createSearch(session),
  },
  pools: {
    summary: 'list the pools of seats, the fullest first',
    load: async (session) => (await import('./commands/look/pools.ts')).createPools(session),
  },
  changes: {
    summary: 'list what operators changed',
    load: async (session) => (await import('./commands/look/changes.ts')).createChanges(session),
  },
  usage: {
    summary: 'export the hours in which VMs were licensed',
    load: async (session) => (await import('./commands/look/usage.ts')).createUsage(session),
  },
  privacy: {
    summary: 'export and erase what a service keeps of a subscription',
    load: async (session) => (await import('./commands/privacy.ts')).createPrivacy(session),
  },
  keys: {
    summary: 'create root keys, sign and upload key sets, show the keys of a service',
    load: async (session) => (await import('./commands/trust/keys.ts')).createKeys(session),
  },
  backup: {
    summary: 'write a backup of what a service keeps',
    load: async (session) => (await import('./commands/backup/backup.ts')).createBackup(session),
  },
  restore: {
    summary: 'restore a backup, and confirm what was restored',
    load: async (session) => (await import('./commands/backup/restore.ts')).createRestore(session),
  },
  imds: {
    summary: 'run the emulator of the Instance Metadata Service',
    load: async (session) => (await import('./commands/imds.ts')).createImds(session),
  },
  vectors: {
    summary: 'write test vectors for verifiers of attested documents',
    load: async (session) => (await import('./commands/documents/vectors.ts')).createVectors(session),
  },
  preflight: {
    summary: 'check whether this VM can prove what it is, before anything is deployed',
    load: async (session) => (await import('./commands/preflight.ts')).createPreflight(session),
  },
};

/** The command line with the code of those commands alone that its arguments name. */
export async function createProgram(args: readonly string[], session: Session): Promise<CommandUnknownOpts> {
  const program = new Command('countersign')
    .description(
      'Verifies attested documents of Azure VMs, and manages the licences that a service gives out for them.',
    )
    .version(VERSION, '-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command')
    // `restore confirm` has options that `restore` has too.
    .enablePositionalOptions()
    .addHelpText('after', FOOTER);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    const command = isNamed(args, name) ? await load(session) : new Command(name);
    program.addCommand(command.summary(summary));
  }
  prepare(program, session);
  return program;
}

const FOOTER = `${examples('countersign verify document.json', 'countersign licences list --help')}
Exit codes: 0 done or accepted, 2 rejected or refused by a check, 1 wrong usage or a system error.`;

/** `countersign NAME …`. */
function isNamed(args: readonly string[], name: string): boolean {
  return args.find((arg) => !arg.startsWith('-')) === name;
}

/** Where help is written that nobody wraps, a line has this many characters. */
const USUAL_WIDTH = 100;

function prepare(command: CommandUnknownOpts, session: Session): void {
  const width = () => session.terminal?.columns ?? USUAL_WIDTH;
  // In the list of a group's commands the first sentence is enough.
  if (command.summary() === '') command.summary(command.description().replace(/(?<=\.) .*$/s, ''));
  const hasColours = () => session.terminal?.hasColour ?? false;
  command
    .exitOverride()
    .helpOption('-h, --help', 'show this help')
    .configureOutput({
      writeOut: session.out,
      writeErr: session.complain,
      // Errors are thrown, and told in one place.
      outputError: () => undefined,
      ...{ getOutHelpWidth: width, getErrHelpWidth: width },
      ...{ getOutHasColors: hasColours, getErrHasColors: () => false },
    });
  for (const child of command.commands) prepare(child, session);
}
