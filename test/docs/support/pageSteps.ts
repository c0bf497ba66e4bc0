/**
 * A page that people follow step by step, as its fences. What a fence is, its info string says:
 *
 * - `sh`: commands, in the terminal of the reader
 * - `sh azure`: commands that only Azure can run, or a drill of their own; their first line says so to the reader
 * - `sh background`: commands in a terminal of their own, the last of which runs until somebody stops it
 * - `text output`: what the commands before it print; see `outputPattern`
 * - `LANGUAGE NAME`: a file to write
 * - `LANGUAGE image …`: commands or a file for a VM in Azure
 */
export type PageStep = CommandStep | FileStep;

export interface CommandStep {
  readonly kind: 'run' | 'azure' | 'background' | 'image';
  readonly text: string;
  readonly output?: string;
}

interface FileStep {
  readonly kind: 'file' | 'imageFile';
  readonly name: string;
  readonly text: string;
}

const FENCE = /^```(\w+)(?: ([^\n]+))?\n([^]*?)^```$/gm;

/** @throws Error where an info string is none of those */
export function readPageSteps(page: string): readonly PageStep[] {
  const steps: PageStep[] = [];
  for (const [, language = '', info = '', text = ''] of page.matchAll(FENCE)) {
    const before = steps.at(-1);
    if (info !== 'output') steps.push(readStep(language, info, text));
    else if (before !== undefined && 'name' in before) throw new Error(`Nothing runs before this output:\n${text}`);
    else if (before !== undefined) steps.splice(-1, 1, { ...before, output: text });
  }
  return steps;
}

function readStep(language: string, info: string, text: string): PageStep {
  const [, isImage, name = ''] = /^(image)? ?([\w.-]*)$/.exec(info) ?? [];
  if (language === 'sh' && info === '') return { kind: 'run', text };
  if (language === 'sh' && info === 'background') return { kind: 'background', text };
  if (language === 'sh' && info === 'azure' && /^# (?:On Azure|In a drill)/.test(text)) return { kind: 'azure', text };
  if (language === 'sh' && info === 'image') return { kind: 'image', text };
  if (language !== 'sh' && name !== '') return { kind: isImage === undefined ? 'file' : 'imageFile', name, text };
  throw new Error(`Nobody knows what to do with \`\`\`${language} ${info}`);
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;

/** What the page says of an output: `…` is anything in a line, and TIME any RFC 3339 time. */
export function outputPattern(output: string): string {
  const literal = output.trimEnd().replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return literal.replaceAll('…', '.*').replace(/\bTIME\b/g, TIME);
}
