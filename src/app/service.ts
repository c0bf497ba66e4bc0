import { CLOCK_SKEW } from '../contract/clocks.ts';
import { createAddressLimit } from '../http/addressLimit.ts';
import { boundLines, timePort } from '../http/boundLog.ts';
import type { Log, ServedRoute } from '../http/edge.ts';
import { createHideIds } from '../http/hideIds.ts';
import type { HideIds } from '../http/hideIds.ts';
import { CONSOLE_PATH } from '../operators/console/routes.ts';
import { createSeatGate } from '../seats/seatGate.ts';
import { createChallenges } from '../tokens/challenges.ts';
import type { VaultAccess } from '../tokens/keyVaultSigner.ts';
import { createIssuerNotes } from '../trust/live/issuerNotes.ts';
import type { EvidencePolicy } from '../verifier/appraise.ts';
import { createActivateOffline } from '../vm/activateOffline.ts';
import { createReadReadiness } from '../vm/readiness.ts';
import { createClaimLimit } from '../vm/claimLimit.ts';
import { createAuthenticLimit } from '../vm/authenticLimit.ts';
import type { createListDecisions } from '../views/listDecisions.ts';
import type { CleaningNeeds } from './cleanStore.ts';
import type { ServiceConfig } from './config.ts';
import { createKeySets, createSigningKeys } from './createKeys.ts';
import { createStore } from './createStore.ts';
import { loadOperatorsLater } from './operatorRoutes.ts';
import { joinRoutes } from './routes.ts';
import { createServiceTrust } from './serviceTrust.ts';
import type { TellNeeds } from './tellReadiness.ts';
import type { WatchNeeds } from './watchState.ts';
import type { LicenceStore } from '../tables/licenceStore.ts';

/** What a host runs: the routes for its requests, and what its timer calls. */
export interface Service {
  readonly routes: readonly ServedRoute[];
  /** Loads the store's code, if no request has. */
  readonly loadStore: () => Promise<unknown>;
  /** @throws {StoreUnavailableError} */
  readonly cleanStore: (log: Log) => Promise<void>;
  /** @throws {StoreUnavailableError} */
  readonly projectViews: (log: Log) => Promise<void>;
  /** @throws {StoreUnavailableError} */
  readonly watchState: (log: Log) => Promise<void>;
  readonly tellReadiness: (log: Log) => Promise<void>;
}

/** What a test may put in place of the real thing. */
export interface ServiceSeams {
  readonly now: () => number;
  /** How the vault of SIGNING_KEY_URL is reached; by managed identity unless given. */
  readonly vault?: VaultAccess;
  /** How the vault of ROOT_KEY_URL is reached. */
  readonly rootVault?: VaultAccess;
}

/** The composition root: creates everything once, and gives each use case what it names. */
export async function createService(config: ServiceConfig, { now, vault, rootVault }: ServiceSeams): Promise<Service> {
  const { ISSUER: issuer, ACCEPTED_CLOUDS: acceptedClouds, NONCE_STYLE: nonceStyle, directory } = config;
  const signingKeys = await createSigningKeys(config, vault);
  const { store, load: loadStore, catalogue } = createStore(config, now);
  const { keySets: untimed, uploads } = await createKeySets(config, { signingKeys, store, rootVault });
  const keySets = timePort('signer', untimed, 'readSigner');
  const { trust, probePins } = await createServiceTrust(config, store);
  const hideIds = chooseHideIds(config);
  const challenges = createChallenges({ issuer, secrets: config.CHALLENGE_SECRETS, nonceStyle });
  const licenceLife = config.LICENCE_LIFE_SECONDS;
  const probed = { store, keySets, signingKeys, challenges, probePins, licenceLife, now };
  const readReadiness = createReadReadiness(probed);
  const vmNeeds = {
    ...{ issuer, acceptedClouds, nonceStyle, store, catalogue, keySets, signingKeys, trust, now },
    ...{ challenges, licenceLife, readReadiness },
    consolePath: directory === null ? null : CONSOLE_PATH,
    policy: servicePolicy(acceptedClouds),
    addressLimit: createAddressLimit(config.RATE_LIMIT_PER_SECOND, config.ADDRESS_LIMITS ?? []),
    trustedProxies: config.TRUSTED_PROXIES,
    authenticLimit: createAuthenticLimit({
      subscriptionPerSecond: config.SUBSCRIPTION_RATE_LIMIT_PER_SECOND,
      vmPerMinute: config.VM_RATE_LIMIT_PER_MINUTE,
    }),
    issuerNotes: createIssuerNotes(store),
    seatGate: createSeatGate(),
    claimLimit: createClaimLimit(),
    describeApi: () => describeApi(config),
    hideIds,
  };
  const challengeKids = config.CHALLENGE_SECRETS.map(({ kid }) => kid);
  const operatorNeeds = {
    ...{ signingKeys, keySets, uploads, trust, store, catalogue, acceptedClouds, licenceLife, readReadiness, now },
    challengeKids,
    activateOffline: createActivateOffline(vmNeeds),
  };
  const operatorRoutes =
    directory === null
      ? []
      : loadOperatorsLater(async () => {
          const { serveOperators } = await import('../operators/routes.ts');
          return serveOperators(directory, { ...operatorNeeds, ...(await loadOperatorNeeds(config, { store, now })) });
        });
  return {
    routes: joinRoutes({ ...vmNeeds, console: config.console }, operatorRoutes),
    loadStore,
    ...createTimers({ ...vmNeeds, config, challengeKids }),
  };
}

type TimerNeeds = Omit<CleaningNeeds, 'store'> &
  WatchNeeds &
  TellNeeds & { readonly store: LicenceStore; readonly hideIds: HideIds | null };

/** What timers run is loaded when the first of them does. */
function createTimers(needs: TimerNeeds): Omit<Service, 'routes' | 'loadStore'> {
  const lines = (log: Log) => boundLines(log, needs.hideIds);
  return {
    cleanStore: async (log) => (await import('./cleanStore.ts')).cleanStore(needs, lines(log)),
    projectViews: async (log) => (await import('./projectViews.ts')).projectViews(needs, lines(log)),
    watchState: async (log) => (await import('./watchState.ts')).watchState(needs, lines(log)),
    tellReadiness: async (log) => (await import('./tellReadiness.ts')).tellReadiness(needs, lines(log)),
  };
}

/** What operators alone need: no VM waits for its code. */
async function loadOperatorNeeds(
  { ISSUER: issuer, CHALLENGE_SECRETS: secrets }: ServiceConfig,
  needs: Parameters<typeof createListDecisions>[0],
) {
  const [{ createListDecisions }, { createPlaceSeal }] = await Promise.all([
    import('../views/listDecisions.ts'),
    import('../backup/sealedPlace.ts'),
  ]);
  return { issuer, listDecisions: createListDecisions(needs), placeSeal: createPlaceSeal(issuer, secrets) };
}

/** Only where it is asked for: it is made of the schemas of all routes, the operators' too. */
async function describeApi({ ISSUER: issuer, directory }: ServiceConfig): Promise<unknown> {
  const [{ describeService }, { OPERATOR_ROUTES }] = await Promise.all([
    import('./openapi.ts'),
    import('../operators/routes.ts'),
  ]);
  return describeService(issuer, directory === null ? [] : OPERATOR_ROUTES);
}

/** By the secret that signs challenges: when that is replaced, ids are hashed to other values. */
function chooseHideIds({ LOG_IDS, CHALLENGE_SECRETS: [first] }: ServiceConfig): HideIds | null {
  return LOG_IDS === 'hashed' && first !== undefined ? createHideIds(first.secret) : null;
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
