import { hasField, type ApiVersion } from '../protocol/versions.ts';

const SIX_HOURS = 6 * 60 * 60 * 1000;

/** What an attested document says of a VM. `""` is what Azure writes where there is nothing to say. */
export interface AttestedVm {
  readonly vmId: string;
  readonly subscriptionId: string;
  readonly sku: string;
  readonly licenseType: string;
  readonly plan: { readonly name: string; readonly product: string; readonly publisher: string };
}

export interface ContentRequest {
  readonly vm: AttestedVm;
  readonly apiVersion: ApiVersion;
  /** The caller's; without one the document carries its own end as `yyyyMMdd-HHmmss`. */
  readonly nonce?: string;
  /** Milliseconds since the epoch; the document itself counts whole seconds. */
  readonly createdOn: number;
  /** Milliseconds; six hours by default. */
  readonly lifetime?: number;
}

/** The JSON inside an attested document: a value's text and the order of its keys are Azure's. */
export interface DocumentContent {
  readonly licenseType?: string;
  readonly nonce: string;
  readonly plan: { readonly name: string; readonly product: string; readonly publisher: string };
  readonly sku?: string;
  readonly subscriptionId?: string;
  readonly timeStamp: { readonly createdOn: string; readonly expiresOn: string };
  readonly vmId: string;
}

/** The content as production writes it; `JSON.stringify` of it gives the octets that are signed. */
export function documentContent({ vm, apiVersion, nonce, createdOn, lifetime }: ContentRequest): DocumentContent {
  const expiresOn = createdOn + (lifetime ?? SIX_HOURS);
  const { name, product, publisher } = vm.plan;
  return {
    ...(hasField('document.licenseType', apiVersion) && { licenseType: vm.licenseType }),
    nonce: nonce ?? compactTime(expiresOn),
    plan: { name, product, publisher },
    ...(hasField('document.sku', apiVersion) && { sku: vm.sku }),
    ...(hasField('document.subscriptionId', apiVersion) && { subscriptionId: vm.subscriptionId }),
    timeStamp: { createdOn: formatTimeStamp(createdOn), expiresOn: formatTimeStamp(expiresOn) },
    vmId: vm.vmId,
  };
}

/** `MM/dd/yy HH:mm:ss -0000` in UTC. */
function formatTimeStamp(milliseconds: number): string {
  const { year, month, day, time } = parts(milliseconds);
  return `${month}/${day}/${year.slice(2)} ${time} -0000`;
}

/** `yyyyMMdd-HHmmss` in UTC. */
function compactTime(milliseconds: number): string {
  const { year, month, day, time } = parts(milliseconds);
  return `${year}${month}${day}-${time.replaceAll(':', '')}`;
}

function parts(milliseconds: number) {
  const text = new Date(milliseconds).toISOString();
  return { year: text.slice(0, 4), month: text.slice(5, 7), day: text.slice(8, 10), time: text.slice(11, 19) };
}
