import { Command } from '@commander-js/extra-typings';
import type { Session } from './command.ts';
import { examples } from './help.ts';
import { OPERATOR_SETTINGS_HELP, createOperatorClient, readList } from './operatorClient.ts';
import type { AnswerName, Answers } from './operatorAnswers.ts';
import type { ListCall, OperatorClient, ServiceCall } from './operatorClient.ts';
import { OPTIONS } from './options.ts';
import { fitLines } from './layout.ts';
import { jsonLine } from './printable.ts';
import { formatTable } from './table.ts';
import type { Column } from './table.ts';
import { tellWaiting } from './waiting.ts';

/** A command that asks the operators' API: it has `--service` and `--json`. */
export function serviceCommand(name: string, description: string) {
  return new Command(name)
    .description(description)
    .option('--service <url>', 'the service (default: COUNTERSIGN_URL)')
    .option(...OPTIONS.json);
}

/** The end of such a command's help. */
export function serviceHelp(...lines: readonly string[]): string {
  return `${OPERATOR_SETTINGS_HELP}${examples(...lines)}`;
}

interface ServiceOptions {
  readonly service?: string | undefined;
  readonly json?: true | undefined;
}

/** What an action does its work with. */
export interface Service {
  readonly client: OperatorClient;
  readonly session: Session;
  /** Whether JSON was asked for. */
  readonly isJson: boolean;
  /** Prints a value as JSON where that was asked for, and else as text. */
  readonly show: (value: unknown, format: () => string) => void;
  /** Reports progress on standard error; nothing where JSON was asked for. */
  readonly tell: (text: string) => void;
}

export function openService(session: Session, { service, json }: ServiceOptions): Service {
  const isJson = json === true;
  const client = createOperatorClient(service, session);
  const tell = (text: string): void => {
    if (!isJson) session.complain(text);
  };
  const waiting = { what: 'the service', tell, now: () => session.now() };
  return {
    client: (call) => tellWaiting(waiting, client(call)),
    session,
    isJson,
    show: (value, format) => {
      session.out(isJson ? jsonLine(value) : fitTerminal(format(), session.terminal));
    },
    tell,
  };
}

function fitTerminal(text: string, terminal: Session['terminal']): string {
  return terminal === null ? text : fitLines(text, terminal.columns);
}

interface ListView<T> {
  readonly limit: number;
  readonly columns: readonly Column<T>[];
}

/** Shows a list: a table for people, the items as JSON for programs. */
export async function showList<T extends AnswerName>(
  service: Service,
  call: ListCall<T>,
  { limit, columns }: ListView<Answers[T]>,
): Promise<void> {
  showItems(service, await readList(service.client, call, limit), columns);
}

/** Shows what was read of a list. @param more whether the list goes on */
export function showItems<T>(
  { show, session }: Service,
  { items, more }: { readonly items: readonly T[]; readonly more: boolean },
  columns: readonly Column<T>[],
): void {
  show(items, () => formatTable(items, columns, session.terminal));
  if (more) session.complain(`There are more than these ${items.length}. Narrow the list, or raise --limit.\n`);
}

/** A body of JSON. */
export function jsonBody(value: unknown): NonNullable<ServiceCall['body']> {
  return { text: JSON.stringify(value), mediaType: 'application/json' };
}
