import type { NotLookedAt } from '../notLookedAt.ts';
import { EMULATOR } from './circumstances.ts';
import type { Circumstances } from './circumstances.ts';
import { readText } from './readText.ts';
import { runProgram, runWindowsProgram } from './runProgram.ts';

/** How the machine's packets leave it, as the system writes it. */
export type RouteEvidence =
  | {
      readonly system: 'linux';
      /** `/proc/net/route` */
      readonly table: string;
      /** `ip -4 route get 169.254.169.254`, which also knows rules; null where that program is not installed. */
      readonly decision: string | null;
    }
  | {
      readonly system: 'windows';
      /** `route print -4`, in the language of the system. */
      readonly routePrint: string;
      /** `ipconfig /all`, the same. */
      readonly ipconfig: string;
    };

export async function lookAtRoute({ imdsUrl }: Circumstances): Promise<RouteEvidence | NotLookedAt> {
  if (imdsUrl !== undefined) return EMULATOR;
  if (process.platform === 'win32') return lookAtWindows();
  const table = await readText('/proc/net/route');
  if (table === undefined) return { notLookedAt: 'This system has no /proc/net/route.' };
  const decision = await runProgram('ip', '-4', 'route', 'get', '169.254.169.254');
  return { system: 'linux', table, decision: decision ?? null };
}

async function lookAtWindows(): Promise<RouteEvidence | NotLookedAt> {
  const routePrint = await runWindowsProgram('route', 'print', '-4');
  const ipconfig = await runWindowsProgram('ipconfig', '/all');
  if (routePrint === undefined || ipconfig === undefined) return { notLookedAt: 'Route and ipconfig do not run here.' };
  return { system: 'windows', routePrint, ipconfig };
}
