import { LOG_LEVELS } from './coreModule.ts';
import type { LogLevel } from './coreModule.ts';

/** Where the host's lines go. Categories are the platform's: `Host`, `Function.{name}`, `Function.{name}.User`. */
export type HostLog = (level: LogLevel, category: string, message: string) => void;

/** Lets through what host.json's `logging.logLevel` lets through: the longest beginning of the category decides. */
export function filterLog(log: HostLog, levels: ReadonlyMap<string, LogLevel>): HostLog {
  return (level, category, message) => {
    if (isLogged(level, minimumLevel(levels, category))) log(level, category, message);
  };
}

function isLogged(level: LogLevel, minimum: LogLevel): boolean {
  return level !== 'none' && LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(minimum);
}

function minimumLevel(levels: ReadonlyMap<string, LogLevel>, category: string): LogLevel {
  for (let name = category; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
    const level = levels.get(name);
    if (level !== undefined) return level;
  }
  return levels.get('default') ?? 'information';
}
