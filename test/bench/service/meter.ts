import { rmSync } from 'node:fs';
import { createServer } from 'node:http';

/**
 * Loaded before the service into its process (`node --import`), which tells what it used when it is asked at a socket of its
 * own. What is deployed has nothing of this.
 */

/** The path of the socket. */
export const METER_SETTING = 'COUNTERSIGN_BENCH_METER';

/** Of a whole process since its start. */
export interface Reading {
  /** Microseconds of all its threads, in user space and in the system. */
  readonly cpu: number;
  /** Octets in memory. */
  readonly resident: number;
}

function read(): Reading {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, resident: process.memoryUsage.rss() };
}

const path = process.env[METER_SETTING];
if (path !== undefined) {
  // Of processes that share their settings each has a socket of its own.
  const own = `${path}.${process.pid}`;
  rmSync(own, { force: true });
  createServer((_, response) => response.end(JSON.stringify(read())))
    .listen(own)
    .unref();
}
