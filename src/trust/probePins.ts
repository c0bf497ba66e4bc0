import type { TrustMaterial } from './createTrust.ts';
import { reportTrust } from './trustStatus.ts';
import type { CloudStatus, TrustVerdict } from './trustStatus.ts';
import { signerRules } from '../verifier/signerRules.ts';

/** What readiness says of trust. */
export interface PinsProbe {
  readonly state: TrustVerdict;
  readonly detail: string;
}

/** Tells whether every accepted cloud has a complete path, and what an operator should look at. */
export function probePins(material: TrustMaterial, acceptedClouds: readonly string[], at: number): PinsProbe {
  const status = reportTrust(material, { acceptedClouds, rules: signerRules(true), at });
  const accepted = status.clouds.filter((cloud) => cloud.accepted);
  const concerns = accepted.flatMap(describeConcerns);
  // Whoever configures a service to accept a closed cloud wants its old documents verified.
  const state = accepted.some(({ pathUntil }) => pathUntil === null) ? 'failed' : status.verdict;
  return { state, detail: concerns.length === 0 ? 'every accepted cloud has a complete path' : concerns.join('; ') };
}

function describeConcerns(status: CloudStatus): string[] {
  const { cloud, pathUntil, missing, endingSoon, withoutPath } = status;
  const concerns = [
    pathUntil === null ? `no complete path today${describeCure(status)}` : null,
    describePins('no certificate at hand for', missing),
    describePins('soon to end:', endingSoon),
    describePins('without a path to an anchor:', withoutPath),
  ];
  return concerns.filter((concern) => concern !== null).map((concern) => `${cloud}: ${concern}`);
}

type Pins = readonly { readonly name: string }[];

/** What helps: certificates that are at hand, or that are published nowhere any more, need no download. */
function describeCure({ cloud, closed, missing, expired, distrusted }: CloudStatus): string {
  if (closed)
    return `: the cloud is closed, and no VM runs there. Remove ${cloud} from ACCEPTED_CLOUDS; to verify its old documents, add its certificates with "countersign trust sync --from DIR" and deploy again`;
  if (missing.length === 0 && distrusted.length > 0) {
    const names = [...new Set(distrusted.map(({ name }) => name))].join(', ');
    return `, because operators distrust ${names}: run "countersign trust undistrust", or pin another CA with "countersign trust add"`;
  }
  if (missing.length === 0 && expired.length > 0)
    return ': the pinned CAs have expired. Install a newer version of Countersign, or pin the CA of today with "countersign trust add"';
  return ': run "countersign trust sync" and deploy again';
}

function describePins(what: string, pins: Pins): string | null {
  const names = [...new Set(pins.map(({ name }) => name))];
  return names.length === 0 ? null : `${what} ${names.join(', ')}`;
}
