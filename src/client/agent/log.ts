import { formatInstant } from '../../contract/instants.ts';
import type { World } from './world.ts';

/** As in sd-daemon(3): what the journal files a line under. */
const PRIORITIES = { error: 3, warning: 4, notice: 5, info: 6 } as const;

export type LogLevel = keyof typeof PRIORITIES;
export type LogFormat = 'text' | 'json';

/** One line. It never carries a token, a key, a nonce or a document. */
export type Log = (level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>) => void;

/**
 * Lines on standard error: text with its priority in front, as the journal reads it, unless a person reads it; or JSON, with
 * the facts as members.
 */
export function createLog(format: LogFormat, { complain, isWatched }: Pick<World, 'complain' | 'isWatched'>): Log {
  if (format === 'json') {
    return (level, message, facts = {}) => {
      complain(`${JSON.stringify({ time: formatInstant(Date.now()), level, message, ...facts })}\n`);
    };
  }
  return (level, message) => {
    complain(`${isWatched ? '' : `<${PRIORITIES[level]}>`}${message}\n`);
  };
}
