import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { attestedVm } from '../../src/contract/attestation.ts';
import type { AttestationResult } from '../../src/contract/attestation.ts';
import { findOffer } from '../../src/catalogue/findOffer.ts';
import { decide } from '../../src/decisions/decide.ts';
import { licenceTimes } from '../../src/catalogue/entitlement.ts';
import { licenceClaims } from '../../src/tokens/licenceClaims.ts';
import { signLicence } from '../../src/tokens/licences.ts';
import { createLocalSigner } from '../../src/tokens/localSigner.ts';
import { licence, offer } from '../support/licensing.ts';

const ISSUER = 'https://licences.contoso.example';
const JKT = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';

/** Everything between verified evidence and the licence but the store: the decision, the times, the claims, the token. */
export function createIssuer(): (attestation: AttestationResult, at: number) => Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = createLocalSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const offers = [offer()];
  const held = {
    licence: licence({ features: { throughput: 10_000, ha: true, edition: 'pro' } }),
    ...{ leaving: null, trial: null, override: null, formerPools: [] },
  };
  return (attestation, at) => {
    const vm = attestedVm(attestation);
    const match = findOffer(offers, vm.plan, undefined);
    const decision = decide(match.found ? { ...match, ...held } : match, { vm, keyBound: true, at });
    if (!decision.granted) throw new Error(`the licence was refused: ${decision.code}`);
    const { entitlement } = decision;
    const times = licenceTimes(entitlement, at, Number.POSITIVE_INFINITY);
    const granted = { vm, entitlement, over: false, times, issuedAt: at };
    return signLicence(licenceClaims({ issuer: ISSUER, ...granted, jti: randomUUID(), jkt: JKT }), signer);
  };
}
