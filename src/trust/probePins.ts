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
  const { cloud, pathUntil, missing, endingSoon, withoutPath, distrusted } = status;
  const concerns = [
    pathUntil === null ? describeCure(missing, distrusted) : null,
    describePins('no certificate at hand for', missing),
    describePins('soon to end:', endingSoon),
    describePins('without a path to an anchor:', withoutPath),
  ];
  return concerns.filter((concern) => concern !== null).map((concern) => `${cloud}: ${concern}`);
}

type Pins = readonly { readonly name: string }[];

/** Certificates that are at hand are not what is lacking where operators have distrusted the cloud's CAs. */
function describeCure(missing: Pins, distrusted: Pins): string {
  if (missing.length > 0 || distrusted.length === 0) {
    return 'no complete path today: run "countersign trust sync" and deploy again';
  }
  const names = [...new Set(distrusted.map(({ name }) => name))].join(', ');
  return `no complete path today, because operators distrust ${names}: run "countersign trust undistrust", or pin another CA with "countersign trust add"`;
}

function describePins(what: string, pins: Pins): string | null {
  const names = [...new Set(pins.map(({ name }) => name))];
  return names.length === 0 ? null : `${what} ${names.join(', ')}`;
}
