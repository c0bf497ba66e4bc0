import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Octets that a process has in memory; null where the system does not tell. */
export interface MemoryOfAgent {
  readonly agent: number | null;
  /** Of a process of the same Node that does nothing. */
  readonly idle: number | null;
}

/** The real agent, after its first check has been told to other programs. */
export async function measureAgentMemory(file: string, env: NodeJS.ProcessEnv): Promise<MemoryOfAgent> {
  const idle = await residentOnceIt(spawnNode(['-e', 'setInterval(() => {}, 1e9); console.error("runs")'], {}), /runs/);
  const agent = await residentOnceIt(spawnNode([file, 'run'], env), /licensed until/);
  return { agent, idle };
}

function spawnNode(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** @throws Error where it ends before it has said so */
async function residentOnceIt(child: ChildProcess, said: RegExp): Promise<number | null> {
  const ended = once(child, 'close');
  const lines: string[] = [];
  if (child.stderr === null) throw new Error('The process has no standard error.');
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    if (!said.test(line)) continue;
    const resident = readResident(child.pid ?? 0);
    child.kill();
    await ended;
    return resident;
  }
  throw new Error(`The process ended early:\n${lines.join('\n')}`);
}

function readResident(pid: number): number | null {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
