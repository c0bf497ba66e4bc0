import type { VmEndpoint } from '../contract/endpoints.ts';
import type { AnonymousRoute } from '../http/anonymousRoute.ts';
import { replyJson } from '../http/problems.ts';
import { readDiscovery } from './discovery.ts';
import type { DiscoveryNeeds } from './discovery.ts';
import { issueChallenge } from './issueChallenge.ts';
import type { ChallengeNeeds } from './issueChallenge.ts';
import { issueLicence } from './issueLicence.ts';
import type { LicenceNeeds } from './issueLicence.ts';
import { createOpenApi } from './openApi.ts';
import type { OpenApiNeeds } from './openApi.ts';
import { readProblemPage } from './problemPage.ts';
import { answerReadiness } from './readiness.ts';
import { readKeySet, readSignedKeySet } from './readKeySets.ts';
import type { KeySetNeeds } from './readKeySets.ts';
import { releaseLicence } from './releaseLicence.ts';
import type { ReleaseNeeds } from './releaseLicence.ts';
import { readStartPage } from './startPage.ts';
import type { StartPageNeeds } from './startPage.ts';

/** What all routes of this table need together. Each use case sees what it names alone. */
export type VmNeeds = ChallengeNeeds &
  LicenceNeeds &
  ReleaseNeeds &
  DiscoveryNeeds &
  KeySetNeeds &
  OpenApiNeeds &
  StartPageNeeds;

type VmRoute = AnonymousRoute<VmNeeds>;

/** Every route but the operators'. An endpoint that is missing here does not compile. */
export const VM_ROUTES: Readonly<Record<VmEndpoint, VmRoute>> = {
  issueChallenge: { access: 'counted', serve: issueChallenge },
  issueLicence: { access: 'counted', serve: issueLicence },
  releaseLicence: { access: 'counted', serve: releaseLicence },
  readKeySet: { access: 'anyone', serve: readKeySet },
  readSignedKeySet: { access: 'anyone', serve: readSignedKeySet },
  readDiscovery: { access: 'anyone', serve: readDiscovery },
  readHealth: { access: 'anyone', serve: () => () => Promise.resolve(replyJson(200, { state: 'ok' })) },
  readReadiness: { access: 'anyone', serve: answerReadiness },
  readProblemPage: { access: 'counted', serve: readProblemPage },
  readOpenApi: { access: 'counted', serve: createOpenApi },
  readStartPage: { access: 'counted', serve: readStartPage },
};
