import { useRef } from 'preact/hooks';
import type { OverviewJson } from '../../contract/operators/overview.ts';
import { DecisionChart } from '../charts/decisionChart.tsx';
import { useData } from '../data/useData.ts';
import { useRepeated } from '../data/useRepeated.ts';
import { TroubleNotice } from '../parts/notices.tsx';
import { Ago } from '../parts/now.tsx';
import { EndingSoon } from '../parts/overview/endingSoon.tsx';
import { FullestPools } from '../parts/overview/fullestPools.tsx';
import { ReadinessStrip } from '../parts/overview/readiness.tsx';
import { RefusedNow } from '../parts/overview/refusedNow.tsx';
import { Panel } from '../parts/panel.tsx';
import { Switch } from '../parts/switch.tsx';
import { useNavigation } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';

type Period = OverviewJson['decisions']['period'];

const PERIODS = [
  ['24h', '24 hours'],
  ['7d', '7 days'],
] as const;

/** Milliseconds between two looks. */
const PAUSE = 60_000;

/** What to look at first, all of it in one request. */
export function OverviewPage() {
  const { api } = useSession();
  const { place } = useNavigation();
  const period: Period = place.query['period'] === '7d' ? '7d' : '24h';
  const data = useData(`overview ${period}`, (signal) => api.read('readOverview', { query: { period }, signal }));
  useRepeated(data.reload, PAUSE, data.trouble?.kind !== 'signed_out');
  // While another period is read, what was there stays.
  const last = useRef<OverviewJson | null>(null);
  last.current = data.value ?? last.current;
  const { trouble } = data;
  return (
    <>
      <h1>Overview</h1>
      {trouble !== null && <TroubleNotice trouble={trouble} retry={data.reload} />}
      {trouble === null && last.current === null && <Outline />}
      {trouble === null && last.current !== null && <Found overview={last.current} period={period} />}
    </>
  );
}

function Found({ overview, period }: { readonly overview: OverviewJson; readonly period: Period }) {
  const { go } = useNavigation();
  const choose = (
    <Switch
      label="Period"
      value={period}
      options={PERIODS}
      change={(value) => {
        go({ page: '', query: { period: value === '24h' ? '' : value } }, { replace: true });
      }}
    />
  );
  return (
    <>
      <ReadinessStrip readiness={overview.readiness} />
      <div class="columns">
        <div>
          <Panel title="Grants and refusals" action={choose}>
            <DecisionChart decisions={overview.decisions} />
            <Behind overview={overview} />
          </Panel>
          <RefusedNow refused={overview.refused} />
        </div>
        <div>
          <FullestPools pools={overview.pools} />
          <EndingSoon ending={overview.ending} />
        </div>
      </div>
    </>
  );
}

/** Counting follows at once, unless there is very much. */
function Behind({ overview: { at, asOf } }: { readonly overview: OverviewJson }) {
  if (Date.parse(asOf) >= Date.parse(at)) return null;
  return (
    <p class="quiet">
      Counted up to <Ago at={asOf} />. The rest follows.
    </p>
  );
}

/** Stands where the page will be, so that nothing moves when it comes. */
function Outline() {
  return (
    <div class="outline loading" role="status">
      <span class="unseen">Loading …</span>
      <div class="panel readiness" />
      <div class="columns">
        <div>
          <div class="panel tall" />
          <div class="panel" />
        </div>
        <div>
          <div class="panel tall" />
        </div>
      </div>
    </div>
  );
}
