import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { outputPattern } from './pageSteps.ts';
import type { CommandStep, PageStep } from './pageSteps.ts';
import { Terminal } from './terminal.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Free ports instead of the known ones, and npm without a network: what the page installs lies beside it. */
const SETTINGS = {
  ...{ COUNTERSIGN_PORT: '0', COUNTERSIGN_IMDS_PORT: '0', COUNTERSIGN_TABLE_PORT: '0' },
  ...{ npm_config_offline: 'true', npm_config_audit: 'false', npm_config_update_notifier: 'false' },
};

/** Somebody who follows a page, in a home in which there is nothing but the clone, `~/countersign`. */
export class Reader {
  readonly home = mkdtempSync(join(tmpdir(), 'countersign-reader-'));
  readonly terminal: Terminal;
  readonly background: Terminal[] = [];
  /** Where the files of the page belong. */
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  /** The ports of the page, and what they are here, as they become known. */
  readonly #ports = new Map<string, string>();

  /** @param folder of the page's files, below the home */
  constructor(folder: string) {
    this.folder = join(this.home, folder);
    symlinkSync(ROOT, join(this.home, 'countersign'));
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    this.#env = { PATH: path, HOME: this.home, ...SETTINGS };
    this.terminal = new Terminal(this.home, this.#env);
    onTestFinished(() => {
      rmSync(this.home, { recursive: true, force: true });
    });
  }

  /** Does what the step says and compares what is printed. Steps for an image are left out. */
  async follow(step: PageStep): Promise<void> {
    if (step.kind === 'file') writeFileSync(join(this.folder, step.name), this.#move(step.text));
    if (step.kind === 'run') await this.#run(step);
    if (step.kind === 'background') await this.#start(step);
  }

  /** Stops all terminals, the youngest first. */
  async leave(): Promise<void> {
    for (const terminal of this.background.toReversed()) await terminal.close();
    await this.terminal.close();
  }

  async #run({ text, output }: CommandStep): Promise<void> {
    const printed = await this.terminal.run(this.#move(text));
    if (output !== undefined) expect(printed).toMatch(new RegExp(`^${outputPattern(this.#move(output))}\n$`));
  }

  async #start({ text, output = '' }: CommandStep): Promise<void> {
    const terminal = new Terminal(this.home, this.#env);
    this.background.push(terminal);
    terminal.type(this.#move(text));
    const pattern = outputPattern(output).replace(/(?<=127\\\.0\\\.0\\\.1:)\d+/g, (port) => {
      return this.#ports.get(port) ?? `(?<port${port}>\\d+)`;
    });
    const { groups = {} } = await terminal.says(pattern);
    for (const [name, port] of Object.entries(groups)) this.#ports.set(name.replace('port', ''), port);
  }

  #move(text: string): string {
    return text.replace(/(?<=127\.0\.0\.1:)\d+/g, (port) => this.#ports.get(port) ?? port);
  }
}
