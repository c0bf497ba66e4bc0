import { AGENT_NAME } from '../../client/agent/agentVersion.ts';
import type { Command } from '../../client/agent/command.ts';
import { COMMANDS } from '../../client/agent/commands.ts';
import { ABOUT, CONFIGURATION, EXIT_CODES, optionsOf, usageOf } from '../../client/agent/commands/help.ts';
import { MEMBERS, variableOf } from '../../client/agent/settings/members.ts';

const FILES: readonly (readonly [path: string, content: string])[] = [
  ['/etc/countersign/agent.json', "The configuration. Root's, and readable for the user countersign."],
  ['/var/lib/countersign', 'Key, licence and denial.'],
  ['/run/countersign', 'What other programs read: state, status.json, licence.jwt and jwks.jwt.'],
];

/** The manual page countersign-agent(1), from the same tables as `countersign-agent help`. */
export function manPage(date: Date): string {
  const [, version = ''] = AGENT_NAME.split('/');
  const day = date.toISOString().slice(0, 10);
  return [
    `.TH COUNTERSIGN\\-AGENT 1 "${day}" "countersign\\-agent ${version}" "Countersign"`,
    ...section('NAME', [`countersign\\-agent \\- keeps an Azure VM licensed`]),
    ...section('SYNOPSIS', ['.B countersign\\-agent', '.I COMMAND', '.RI [ OPTION ...]']),
    ...section('DESCRIPTION', [roff(ABOUT), roff(CONFIGURATION)]),
    ...section('COMMANDS', COMMANDS.flatMap(describe)),
    ...section('EXIT STATUS', tags(EXIT_CODES)),
    ...section('ENVIRONMENT', [
      roff('Objects and lists are JSON.'),
      ...tags(MEMBERS.map(({ name }) => [variableOf(name), `The member ${name} of agent.json.`])),
      ...tags([
        ['COUNTERSIGN_CONFIG', 'Another configuration file, where /etc/countersign/agent.json does not exist.'],
        ['COUNTERSIGN_RUN_FOLDER', 'Another folder than /run/countersign.'],
      ]),
    ]),
    ...section('FILES', tags(FILES)),
    ...section('SEE ALSO', ['.BR systemctl (1),', '.BR journalctl (1)']),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`.SH ${title.includes(' ') ? `"${title}"` : title}`, ...lines];
}

function describe(command: Command): readonly string[] {
  const options = optionsOf(command);
  const list = options.length === 0 ? [] : ['.RS', ...tags(options), '.RE'];
  const text = command.description === command.summary ? [] : [roff(command.description)];
  return ['.TP', `.B ${roff(usageOf(command))}`, roff(`${command.summary}.`.replace(/\.\.$/, '.')), ...text, ...list];
}

function tags(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.flatMap(([name, text]) => ['.TP', `.B ${roff(name)}`, roff(text)]);
}

/** Text that is shown as it is: no line of it is a request, and a hyphen can be copied as one. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}
