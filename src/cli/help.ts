import { Command } from '@commander-js/extra-typings';

/** The examples of a command, for the end of its help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** A command that only holds others. */
export function createGroup(name: string, description: string) {
  return new Command(name).description(description).helpCommand(false);
}
