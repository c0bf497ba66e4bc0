import { useState } from 'preact/hooks';
import type { DecisionJson, ExplanationJson } from '../../contract/operators/decision.ts';
import { CureButtons } from '../changes/cureButtons.tsx';
import { useData } from '../data/useData.ts';
import { State } from '../parts/icons.tsx';
import type { Standing } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Done } from '../parts/notices.tsx';
import { Ago } from '../parts/now.tsx';
import { Seats } from '../parts/seats.tsx';
import { DecisionState, LicenceState } from '../parts/states.tsx';
import { Facts } from '../parts/table.tsx';
import { Id, Plain } from '../parts/text.tsx';
import { Link } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';

/** Why something was decided, and what would be decided now. */
export function ExplainPage({ id }: { readonly id: string }) {
  const { api } = useSession();
  const data = useData(`explain ${id}`, (signal) => api.read('explainDecision', { params: { id }, signal }));
  return (
    <Loaded data={data}>
      {(explanation) => (
        <>
          <h1>{explanation.title}</h1>
          <p>
            <DecisionState code={explanation.decision.code} /> <Ago at={explanation.decision.at} />
          </p>
          <p>{explanation.advice}</p>
          <section>
            <h2>What was checked</h2>
            <Ladder checks={explanation.decision.checks} />
          </section>
          <Present explanation={explanation} reload={data.reload} />
          <section>
            <h2>About the request</h2>
            <DecisionFacts decision={explanation.decision} />
          </section>
        </>
      )}
    </Loaded>
  );
}

type Check = DecisionJson['checks'][number];

const OUTCOMES: Readonly<Record<Check['outcome'], readonly [Standing, string]>> = {
  passed: ['good', 'passed'],
  failed: ['bad', 'failed'],
  skipped: ['idle', 'skipped'],
  not_reached: ['idle', 'not reached'],
};

/** The checks in their order; the failed one is open, and those with something to say can be opened. */
function Ladder({ checks }: { readonly checks: readonly Check[] }) {
  return (
    <ol class="ladder">
      {checks.map(({ name, outcome, detail }) => {
        const [is, word] = OUTCOMES[outcome];
        const head = (
          <>
            <span class="rung">{name.replaceAll('_', ' ')}</span> <State is={is} word={word} />
          </>
        );
        return (
          <li key={name} class={outcome}>
            {detail === undefined ? (
              <p>{head}</p>
            ) : (
              <details open={outcome === 'failed'}>
                <summary>{head}</summary>
                <p>
                  <Plain text={detail} />
                </p>
              </details>
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface PresentProps {
  readonly explanation: ExplanationJson;
  readonly reload: () => void;
}

function Present({ explanation, reload }: PresentProps) {
  const { now } = explanation;
  const { licence, usage, activation } = now;
  const [said, setSaid] = useState('');
  const finish = (done: string) => {
    setSaid(done);
    reload();
  };
  return (
    <section class="present">
      <h2>What would be decided now</h2>
      <p>
        <DecisionState code={now.outcome} /> <span class="quiet">looked at</span> <Ago at={now.at} />{' '}
        <button type="button" class="unprinted" onClick={reload}>
          Look again
        </button>
      </p>
      {licence !== null && (
        <p>
          Licence{' '}
          <Link to={{ page: 'licences', id: licence.id }}>
            <Plain text={licence.customer?.name ?? licence.id} />
          </Link>{' '}
          <LicenceState licence={licence} />
        </p>
      )}
      {usage !== null && <Seats usage={usage} />}
      {activation !== null && (
        <p>
          <Link to={{ page: 'vms', id: activation.vmId, query: { pool: activation.pool } }}>
            {activation.blocked ? 'The VM is blocked: look at it' : 'Look at the VM'}
          </Link>
        </p>
      )}
      <Done said={said} />
      <CureButtons refusal={explanation} reload={reload} finish={finish} />
    </section>
  );
}

function DecisionFacts({ decision }: { readonly decision: DecisionJson }) {
  const { plan, region, sku, claimedOffer, offer, cloud, subscription, vmId } = decision;
  return (
    <Facts
      facts={[
        ['Correlation id', <Id key="id" id={decision.id} what="the correlation id" />],
        ['Plan, as Azure attested it', plan !== null && <Plain key="plan" text={writePlan(plan)} />],
        ['Offer that the VM named', claimedOffer !== null && <Plain key="claimed" text={claimedOffer} />],
        ['Offer', offer !== null && <Plain key="offer" text={offer} />],
        [
          'Subscription',
          <>
            {cloud} <Id id={subscription} what="the id of the subscription" />{' '}
            <Link to={{ page: 'decisions', query: { cloud, subscription } }}>its decisions</Link>
          </>,
        ],
        [
          'VM',
          <>
            <Id id={vmId} what="the vmId" /> <Link to={{ page: 'vms', id: vmId }}>look at it</Link>
          </>,
        ],
        ['Region', region !== null && <Plain key="region" text={region} />],
        ['Sku', sku !== null && <Plain key="sku" text={sku} />],
      ]}
    />
  );
}

function writePlan({ publisher, product, name }: NonNullable<DecisionJson['plan']>): string {
  return [publisher, product, name].map((part) => part ?? '–').join('/');
}
