import { CLOCK_SKEW } from '../contract/clocks.ts';
import { createSeatGate } from '../seats/seatGate.ts';
import { createChallenges } from '../tokens/challenges.ts';
import type { VaultAccess } from '../tokens/keyVaultSigner.ts';
import type { SigningKeys } from '../tokens/signingKeys.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import { createAddressLimit } from '../http/addressLimit.ts';
import { atEdge } from './atEdge.ts';
import { createAuthenticLimit } from '../vm/authenticLimit.ts';
import { checkRate } from '../http/checkRate.ts';
import { cleanStore } from './cleanStore.ts';
import type { ServiceConfig } from './config.ts';
import { readDiscovery } from '../vm/discovery.ts';
import type { Log, UseCase } from '../http/edge.ts';
import { issueChallenge } from '../vm/issueChallenge.ts';
import { issueLicence } from '../vm/issueLicence.ts';
import { createSigningKeys } from './createSigningKeys.ts';
import { createStore } from './createStore.ts';
import { createKeySets } from './createKeySets.ts';
import { createIssuerNotes } from '../trust/live/issuerNotes.ts';
import { serveOpenApi } from './openapi.ts';
import { OPERATOR_ROUTES } from '../operators/routes.ts';
import { serveOperators } from '../operators/serveOperators.ts';
import type { ServedRoute } from '../operators/serveOperators.ts';
import type { Parts } from './parts.ts';
import { readProblemPage } from '../vm/problemPage.ts';
import { replyJson } from '../http/problems.ts';
import { readKeySet, readSignedKeySet } from '../vm/readKeySets.ts';
import { createReadiness } from '../vm/readiness.ts';
import { releaseLicence } from '../vm/releaseLicence.ts';
import { createServiceTrust } from './serviceTrust.ts';

/** The use cases, each of which answers every request with a reply and never throws. */
export interface Service {
  readonly issueChallenge: UseCase;
  readonly issueLicence: UseCase;
  readonly releaseLicence: UseCase;
  /** Not a request's: the timer's. @throws StoreUnavailableError */
  readonly cleanStore: (log: Log) => Promise<void>;
  readonly readKeySet: UseCase;
  readonly readSignedKeySet: UseCase;
  readonly readDiscovery: UseCase;
  readonly readProblemPage: UseCase;
  readonly readHealth: UseCase;
  readonly readReadiness: UseCase;
  readonly readOpenApi: UseCase;
  readonly operatorRoutes: readonly ServedRoute[];
}

/** What a test may put in place of the real thing. */
export interface ServiceSeams {
  readonly now: () => number;
  /** How the vault of SIGNING_KEY_URL is reached; by managed identity unless given. */
  readonly vault?: VaultAccess;
  /** How the vault of ROOT_KEY_URL is reached. */
  readonly rootVault?: VaultAccess;
}

const MINUTE = 60_000;

/** What the service asks of evidence beside its being authentic. */
function servicePolicy(acceptedClouds: readonly string[]): EvidencePolicy {
  return {
    acceptedClouds,
    requiredClaims: ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'],
    maximumAge: 5 * MINUTE,
    clockSkew: CLOCK_SKEW,
  };
}

/** The composition root: makes every part once. */
export async function createService(config: ServiceConfig, { now, vault, rootVault }: ServiceSeams): Promise<Service> {
  const ownKeys = await createSigningKeys(config, vault);
  const { store, catalogue } = await createStore(config, now);
  const { keySets, uploads } = await createKeySets(config, { signingKeys: ownKeys, store, rootVault });
  // Whoever signs is told which key may.
  const signingKeys: SigningKeys = { ...ownKeys, readSigner: (at) => keySets.readSigner(at) };
  const { trust, probePins } = await createServiceTrust(config, store);
  const parts: Parts = {
    ...{ config, trust, signingKeys, keySets, uploads, store, catalogue, now },
    challenges: createChallenges({
      issuer: config.ISSUER,
      secrets: config.CHALLENGE_SECRETS,
      nonceStyle: config.NONCE_STYLE,
    }),
    policy: servicePolicy(config.ACCEPTED_CLOUDS),
    addressLimit: createAddressLimit(config.RATE_LIMIT_PER_SECOND, config.ADDRESS_LIMITS ?? []),
    authenticLimit: createAuthenticLimit(config),
    seatGate: createSeatGate(),
    issuerNotes: createIssuerNotes(store),
  };
  return listUseCases(parts, createReadiness(parts, probePins));
}

function listUseCases(parts: Parts, readReadiness: UseCase): Service {
  const edge = (useCase: UseCase): UseCase => atEdge(parts.config.ISSUER, useCase);
  const counted = (useCase: UseCase): UseCase =>
    edge((request) => {
      checkRate(parts, request);
      return useCase(request);
    });
  return {
    issueChallenge: counted((request) => issueChallenge(parts, request)),
    issueLicence: counted((request) => issueLicence(parts, request)),
    releaseLicence: counted((request) => releaseLicence(parts, request)),
    cleanStore: (log) => cleanStore(parts, log),
    readKeySet: edge(() => readKeySet(parts)),
    readSignedKeySet: edge((request) => readSignedKeySet(parts, request)),
    readDiscovery: edge(() => readDiscovery(parts)),
    readProblemPage: counted(({ path }) => Promise.resolve(readProblemPage(parts, path.split('/').at(-1) ?? ''))),
    readHealth: edge(() => Promise.resolve(replyJson(200, { state: 'ok' }))),
    readReadiness: edge(readReadiness),
    readOpenApi: counted(serveOpenApi(parts.config.ISSUER, parts.config.directory === null ? [] : OPERATOR_ROUTES)),
    operatorRoutes: serveOperators(parts),
  };
}
