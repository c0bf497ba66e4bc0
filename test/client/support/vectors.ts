import { randomUUID } from 'node:crypto';
import type { LicenceClaims } from '../../../src/contract/claims.ts';

/** The time of these tests, in milliseconds since the epoch. */
export const NOW = Date.UTC(2026, 8, 1, 12, 0, 0);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export const VM_ID = '02aab8a4-74ef-476e-8182-f6d2ba4166a6';
export const OTHER_VM_ID = '13f56399-bd52-4150-9748-7190aae1ff21';
/** The chassis asset tag of every Azure VM. */
export const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77';
export const PRODUCT = 'contoso/widget';

/** The claims of a licence issued at `at`, as the service makes them by its defaults. */
export function licenceClaims(issuer: string, thumbprint: string, at: number, vmId = VM_ID): LicenceClaims {
  const seconds = Math.floor(at / 1000);
  return {
    iss: issuer,
    sub: `urn:azure:vm:${vmId}`,
    aud: PRODUCT,
    iat: seconds,
    nbf: seconds - 120,
    exp: seconds + 86_400,
    jti: randomUUID(),
    cnf: { jkt: thumbprint },
    azure: {
      cloud: 'AzurePublicCloud',
      region: 'westeurope',
      subscriptionId: '8d10da13-8125-4ba9-a717-bf7490507b3d',
      vmId,
      sku: 'standard',
      licenseType: '',
      documentCreatedOn: seconds,
    },
    licence: {
      id: 'mp:AzurePublicCloud:8d10da13:widget',
      plan: { publisher: 'contoso', product: 'widget', name: 'standard' },
      features: { nodes: 3, reports: true },
      renewAfter: seconds + 43_200,
      graceUntil: seconds + 86_400 + 7 * 86_400,
    },
  };
}
