import { formatInstant } from '../../contract/instants.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import { isDistrusted } from '../../trust/createTrust.ts';
import type { TrustMaterial } from '../../trust/createTrust.ts';
import { listIssuersUnder } from '../../trust/issuersUnder.ts';
import type { IssuerUnder } from '../../trust/issuersUnder.ts';
import type { LiveTrust } from '../../trust/live/liveTrust.ts';
import type { TrustEntry, TrustKey, TrustStore } from '../../trust/live/trustEntry.ts';
import { reportTrust } from '../../trust/trustStatus.ts';
import { signerRules } from '../../verifier/signerRules.ts';
import { HOUR, issuerKey } from '../../views/countDecisions.ts';
import { readStatistics, roundTimes } from '../../views/readStatistics.ts';
import type { StatisticsReader } from '../../views/readStatistics.ts';

export interface TrustEffectNeeds {
  readonly trust: Pick<LiveTrust, 'preview'>;
  readonly store: Pick<TrustStore, 'listTrust'> & StatisticsReader;
  readonly acceptedClouds: readonly string[];
}

type Effect = EffectReportJson['effect'];

const DAY = 24 * HOUR;
const RULES = signerRules(true);

/**
 * What a change of the entries does to the accepted clouds, and how many licences were issued under the CA. Which VMs they
 * were is not counted.
 *
 * @param key of the entry that comes or goes
 * @param at milliseconds since the epoch
 * @throws {StoreUnavailableError}
 */
export async function findTrustEffect(
  { trust, store, acceptedClouds }: TrustEffectNeeds,
  key: TrustKey,
  changeEntries: (entries: readonly TrustEntry[]) => readonly TrustEntry[],
  at: number,
): Promise<Effect> {
  const entries = (await store.listTrust()).map(({ value }) => value);
  const now = trust.preview(entries);
  const findComplete = (material: TrustMaterial) =>
    reportTrust(material, { acceptedClouds, rules: RULES, at })
      .clouds.filter(({ accepted, pathUntil }) => accepted && pathUntil !== null)
      .map(({ cloud }) => cloud);
  const left = findComplete(trust.preview(changeEntries(entries)));
  const clouds = findComplete(now).filter((cloud) => !left.includes(cloud));
  const meant = new Set([key.sha256]);
  const pins = now.manifests.flatMap((manifest) => manifest.pins).filter((pin) => isDistrusted(pin, meant));
  const names = [...new Set(pins.map(({ name }) => name))];
  return { vms: null, licences: [], pins: names, clouds, issues: await countIssues(store, now, key, at) };
}

async function countIssues(
  store: StatisticsReader,
  material: TrustMaterial,
  key: TrustKey,
  at: number,
): Promise<Effect['issues']> {
  const times = roundTimes({ from: at - DAY, until: at }, HOUR);
  const since = formatInstant(times.from);
  const issuers = listIssuersUnder(key.sha256, material, { rules: RULES, at });
  if (issuers === null) return { last24h: null, since };
  const { hours } = await readStatistics(store, times, at);
  const count = ({ cloud, name }: IssuerUnder) =>
    [...hours.values()].reduce((sum, { issues }) => sum + (issues.get(issuerKey(cloud, name)) ?? 0), 0);
  // A pin is of one cloud; a distrust holds for all.
  const counted = issuers
    .filter(({ cloud }) => key.kind === 'distrust' || cloud === key.cloud)
    .map((issuer) => ({ ...issuer, count: count(issuer) }));
  const isKnown = counted.every((one) => one.isCertain || one.count === 0);
  return { last24h: isKnown ? counted.reduce((sum, one) => sum + one.count, 0) : null, since };
}
