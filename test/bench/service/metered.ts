import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { METER_SETTING } from './meter.ts';
import type { Reading } from './meter.ts';

const METER = new URL('meter.ts', import.meta.url);

/** Settings with which a service tells what it used. @param path where the sockets of its processes are, but for their ids */
export function meterSettings(path: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${METER.href}`, [METER_SETTING]: path };
}

export function readMeter(path: string, pid: number): Promise<Reading> {
  return new Promise((resolve, reject) => {
    request({ socketPath: `${path}.${pid}` }, (response) => {
      json(response).then((reading) => {
        resolve(reading as Reading);
      }, reject);
    })
      .on('error', reject)
      .end();
  });
}
