import { readFile } from 'node:fs/promises';
import { isIP, isIPv4 } from 'node:net';

/** Whom an address lets in: this machine alone, its own link as IMDS does, or a network. */
export type Reach = 'loopback' | 'link-local' | 'network';

/** @returns null where the text is no IP address */
export function reachOf(address: string): Reach | null {
  if (isIP(address) === 0) return null;
  if (isIPv4(address)) {
    if (address.startsWith('127.')) return 'loopback';
    return address.startsWith('169.254.') ? 'link-local' : 'network';
  }
  const text = address.toLowerCase();
  if (/^(?:0{0,4}:)+0{0,3}1$/.test(text)) return 'loopback';
  return /^fe[89ab]/.test(text) ? 'link-local' : 'network';
}

/** Every machine of Azure has it (Azure documentation, "Access to IMDS": the chassis asset tag). */
const AZURE_CHASSIS = '7783-7084-3265-9085-8269-3286-77';
const ASSET_TAG = '/sys/class/dmi/id/chassis_asset_tag';

/** Whether this machine is a VM of Azure; no where it does not say, as in a container or on Windows. */
export async function isAzureChassis(file = ASSET_TAG): Promise<boolean> {
  const tag = await readFile(file, 'utf8').catch(() => '');
  return tag.trim() === AZURE_CHASSIS;
}
