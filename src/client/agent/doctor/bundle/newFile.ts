import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { systemErrorCode } from '../../../clientError.ts';
import { UsageError } from '../../command.ts';

/** A file that did not exist, for its owner alone. */
export interface NewFile {
  readonly write: (text: string) => void;
  /** Removes it where nothing was written. */
  readonly close: () => void;
}

const { O_WRONLY, O_CREAT, O_EXCL } = constants;

/** Is called before root gives up its rights: whoever asks for a bundle has it in a folder of their own. @throws {UsageError} */
export function createNew(path: string): NewFile {
  const file = open(path);
  let isWritten = false;
  return {
    write: (text) => {
      writeFileSync(file, text);
      isWritten = true;
    },
    close: () => {
      closeSync(file);
      if (!isWritten) rmSync(path, { force: true });
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code === 'EEXIST') throw new UsageError(`${path} exists already. Name another file.`);
    throw new UsageError(`${path} cannot be created (${code}). Check the path.`);
  }
}
