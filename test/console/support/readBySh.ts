import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

export interface ReadCommand {
  readonly words: readonly string[];
  /** Empty unless one of the words is a dash. */
  readonly stdin: string;
}

const COUNTERSIGN = `countersign() {
  printf '%s\\0' "$@"
  printf '\\2'
  for word in "$@"; do [ "$word" = - ] && cat; done
  printf '\\1'
}`;

/** What a real shell gives the command `countersign` in each line. One shell for all lines. */
export function readBySh(lines: readonly string[]): readonly ReadCommand[] {
  const { stdout, stderr } = spawnSync('sh', { input: [COUNTERSIGN, ...lines].join('\n') });
  expect(stderr.toString()).toBe('');
  return stdout
    .toString()
    .split('\u0001')
    .slice(0, -1)
    .map((read) => {
      const [words = '', stdin = ''] = read.split('\u0002');
      return { words: words.split('\0').slice(0, -1), stdin };
    });
}
