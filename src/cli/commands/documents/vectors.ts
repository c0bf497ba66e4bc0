import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import type { Vector } from '../../../emulator/vectors/vectorFile.ts';
import { CommandError, UsageError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { examples } from '../../help.ts';
import { OPTIONS, needed } from '../../options.ts';
import { jsonLine, printable } from '../../printable.ts';

interface VectorFlags {
  readonly out?: string | undefined;
  readonly schema?: true | undefined;
  readonly json?: true | undefined;
}

export function createVectors(session: Session) {
  return new Command('vectors')
    .description(
      'Writes test vectors for verifiers of attested documents, in any language: documents, what is trusted, the time, the expected verdict, and why. All keys are new in each run. docs/vectors.md describes the files.',
    )
    .option('--out <dir>', 'the folder for the vectors: a new or an empty one')
    .option('--schema', 'print the JSON Schema of vectors.json, and end')
    .option(...OPTIONS.json)
    .addHelpText('after', examples('countersign vectors --out vectors', 'countersign vectors --schema'))
    .action((flags) => (flags.schema === true ? printSchema(session) : write(session, flags)));
}

async function printSchema(session: Session): Promise<void> {
  const { createVectorJsonSchema } = await import('../../../emulator/vectors/vectorFile.ts');
  session.out(`${JSON.stringify(createVectorJsonSchema(), null, 2)}\n`);
}

async function write(session: Session, flags: VectorFlags): Promise<void> {
  const out = needed('--out <dir>', flags.out);
  const folder = resolve(session.directory, out);
  await checkEmpty(folder, out);
  const { writeVectors } = await import('../../../emulator/vectors/writeVectors.ts');
  session.complain('making keys and certificates …\n');
  const vectors = await writeVectors(folder, { tell: createProgress(session) }).catch((error: unknown) =>
    explainUnwritable(error, out),
  );
  const summary = summarise(vectors);
  if (flags.json === true) session.out(jsonLine({ out, ...summary }));
  else session.out(formatSummary(out, summary));
}

/** What stands in a folder is never mixed with vectors of other keys. @throws {UsageError} */
async function checkEmpty(folder: string, out: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    const code = codeOf(error);
    if (code === 'ENOENT') return [];
    if (code === 'ENOTDIR') throw new UsageError(`${printable(out)} is a file. Name a new or an empty folder`);
    return explainUnwritable(error, out);
  });
  if (names.length > 0) {
    throw new UsageError(`the folder ${printable(out)} is not empty. Name a new or an empty folder`);
  }
}

function explainUnwritable(error: unknown, out: string): never {
  const code = codeOf(error);
  if (code === null) throw error;
  throw new CommandError(
    'file_unwritable',
    `the folder ${printable(out)} cannot be written: ${code}. Empty it, or name another one`,
  );
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : null;
}

const BETWEEN_LINES = 100;

function createProgress({ complain }: Session): (done: number, total: number) => void {
  return (done, total) => {
    if (done % BETWEEN_LINES === 0) complain(`${done} of ${total} vectors\n`);
  };
}

function summarise(vectors: readonly Vector[]) {
  const codes: Record<string, number> = {};
  for (const { expected } of vectors) {
    if (expected.code !== null) codes[expected.code] = (codes[expected.code] ?? 0) + 1;
  }
  const accepted = vectors.filter(({ expected }) => expected.accepted).length;
  return { vectors: vectors.length, accepted, refused: vectors.length - accepted, codes };
}

function formatSummary(out: string, { vectors, accepted, refused, codes }: ReturnType<typeof summarise>): string {
  return `Wrote ${vectors} vectors to ${printable(out)}: ${accepted} to accept, and ${refused} to refuse for ${Object.keys(codes).length} codes.
The list is vectors.json; vectors.schema.json describes it.
`;
}
