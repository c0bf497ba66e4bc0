import type { ParseArgsConfig } from 'node:util';
import type { Command, ExitCode, Io } from './command.ts';
import { UsageError } from './command.ts';
import { createOperatorClient, readList } from './operatorClient.ts';
import type { OperatorClient, ServiceCall } from './operatorClient.ts';
import { parseOptions } from './options.ts';
import { formatTable } from './table.ts';
import type { Column } from './table.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What every action over the operators' API takes. */
const COMMON = { service: { type: 'string' }, json: { type: 'boolean' } } as const satisfies Options;

export const LIST_OPTIONS = { limit: { type: 'string' } } as const satisfies Options;

/** What every action gets. */
export interface ServiceInput {
  readonly positionals: readonly string[];
  readonly client: OperatorClient;
  readonly io: Io;
  /** Prints a value as JSON where that was asked for, and else as text. */
  readonly show: (value: unknown, format: () => string) => void;
  /** Whether JSON was asked for. */
  readonly isJson: boolean;
  /** Tells people on standard error how far things are; nothing where JSON was asked for. */
  readonly tell: (text: string) => void;
}

/** The same, with the values of the action's own options. */
export interface ActionInput<T extends Options> extends ServiceInput {
  readonly values: ReturnType<typeof parseOptions<T>>['values'];
}

export type Action = (args: readonly string[], io: Io) => Promise<ExitCode>;

/** One word of a command, with options of its own beside `--service` and `--json`. */
export function defineAction<const T extends Options>(
  options: T,
  run: (input: ActionInput<T>) => Promise<void>,
): Action {
  return async (args, io) => {
    const { values, positionals } = parseOptions(args, { ...COMMON, ...options });
    const { service, json: isJson = false } = values as { readonly service?: string; readonly json?: boolean };
    const show = (value: unknown, format: () => string): void => {
      io.out(isJson ? `${JSON.stringify(value)}\n` : format());
    };
    const tell = (text: string): void => {
      if (!isJson) io.complain(text);
    };
    const client = createOperatorClient(service, io);
    await run({ values: values, positionals, client, io, show, isJson, tell });
    return 0;
  };
}

/** A command whose first word says what is to be done. */
export function createActionCommand(
  name: string,
  {
    summary,
    help,
    actions,
  }: { readonly summary: string; readonly help: string; readonly actions: Readonly<Record<string, Action>> },
): Command {
  const words = Object.keys(actions).join(', ');
  return {
    summary,
    help,
    run: async ([word = '', ...rest], io) => {
      const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
      if (action !== undefined) return action(rest, io);
      if (word.startsWith('-')) parseOptions([word], {});
      throw new UsageError(
        word === '' ? `say what: ${name} ${words}` : `there is no "${name} ${word}"; there are ${words}`,
      );
    },
  };
}

/** @throws {UsageError} unless exactly these are there */
export function positionalsOf<const N extends readonly string[]>(
  positionals: readonly string[],
  ...names: N
): { readonly [Place in keyof N]: string } {
  if (positionals.length !== names.length)
    throw new UsageError(names.length === 0 ? 'this takes options alone' : `name ${names.join(' and ')}`);
  return positionals as unknown as { readonly [Place in keyof N]: string };
}

const USUAL_LIMIT = 100;

function parseLimit(text: string | undefined): number {
  if (text === undefined) return USUAL_LIMIT;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError('--limit is a whole number');
}

interface ListView<T> {
  readonly limit: string | undefined;
  readonly columns: readonly Column<T>[];
  /** Over all pages together; that of the service unless given. */
  readonly order?: (left: T, right: T) => number;
}

/** Shows a list: a table for people, the items as JSON for programs. */
export async function showList<T>(
  { client, show, io, positionals }: ServiceInput,
  call: ServiceCall,
  { limit, columns, order }: ListView<T>,
): Promise<void> {
  positionalsOf(positionals);
  const { items: read, more } = await readList(client, call, parseLimit(limit));
  const items = order === undefined ? (read as readonly T[]) : (read as readonly T[]).toSorted(order);
  show(items, () => formatTable(items, columns));
  if (more) io.complain(`There are more than these ${items.length}: narrow the list, or raise --limit.\n`);
}

/** Deletes what was read, unless it has been changed since. */
export async function deleteAt({ client, show }: ServiceInput, path: string, version: string): Promise<void> {
  const { body } = await client({ method: 'DELETE', path, version });
  show(body, () => 'deleted\n');
}
