import { spawn } from 'node:child_process';
import type { Log } from './log.ts';

/** Tells systemd, by its own program, where that has started this process; nothing otherwise. */
export type Notify = (...assignments: readonly string[]) => void;

/** Messages are sent one after the other. One that cannot be sent is logged: the licence does not depend on it. */
export function createNotify({ NOTIFY_SOCKET, PATH }: NodeJS.ProcessEnv, log: Log): Notify {
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return () => undefined;
  let queue = Promise.resolve();
  return (...assignments) => {
    queue = queue.then(() => send({ NOTIFY_SOCKET, PATH }, assignments, log));
  };
}

function send(env: NodeJS.ProcessEnv, assignments: readonly string[], log: Log): Promise<void> {
  return new Promise((resolve) => {
    const fail = (what: string) => {
      log('warning', `systemd was not told ${assignments[0] ?? ''}: systemd-notify ${what}.`);
      resolve();
    };
    const child = spawn('systemd-notify', assignments, { env, stdio: 'ignore' });
    child.on('error', (error: NodeJS.ErrnoException) => {
      fail(`could not be started, ${error.code ?? ''}`);
    });
    child.on('exit', (code) => {
      if (code === 0) resolve();
      else fail(`ended with ${code ?? 'a signal'}`);
    });
  });
}
