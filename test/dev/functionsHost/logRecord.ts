import type { HostLog } from '../../../src/dev/functionsHost/hostLog.ts';

/** Keeps what a host logs, each line as `level category: message`. */
export function recordLog(): { readonly log: HostLog; readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    log: (level, category, message) => {
      lines.push(`${level} ${category}: ${message}`);
    },
  };
}
