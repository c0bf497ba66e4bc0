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
  const concerns = status.clouds.filter(({ accepted }) => accepted).flatMap(describeConcerns);
  if (concerns.length === 0) return { state: status.verdict, detail: 'every accepted cloud has a complete path' };
  return { state: status.verdict, detail: concerns.join('; ') };
}

function describeConcerns({ cloud, pathUntil, missing, endingSoon, withoutPath }: CloudStatus): string[] {
  const concerns = [
    pathUntil === null ? 'no complete path today: run "countersign trust sync" and deploy again' : null,
    describePins('no certificate at hand for', missing),
    describePins('soon to end:', endingSoon),
    describePins('without a path to an anchor:', withoutPath),
  ];
  return concerns.filter((concern) => concern !== null).map((concern) => `${cloud}: ${concern}`);
}

function describePins(what: string, pins: readonly { readonly name: string }[]): string | null {
  const names = [...new Set(pins.map(({ name }) => name))];
  return names.length === 0 ? null : `${what} ${names.join(', ')}`;
}
