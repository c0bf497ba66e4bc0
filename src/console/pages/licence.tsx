import { useCallback, useState } from 'preact/hooks';
import type { LicenceJson } from '../../contract/operators/licence.ts';
import type { LicenceDetailJson } from '../../contract/operators/records.ts';
import { LicenceActions } from '../changes/licenceActions.tsx';
import { listSubscriptions } from '../changes/licenceChange.ts';
import { useData } from '../data/useData.ts';
import { usePages } from '../data/usePages.ts';
import { ChangeList } from '../parts/changeList.tsx';
import { DecisionList } from '../parts/decisionList.tsx';
import { Listed, Loaded } from '../parts/loaded.tsx';
import { Done } from '../parts/notices.tsx';
import { Ago, Day } from '../parts/now.tsx';
import { Panel } from '../parts/panel.tsx';
import { SeatHistory } from '../charts/seatHistory.tsx';
import { Seats } from '../parts/seats.tsx';
import { LicenceState } from '../parts/states.tsx';
import { Facts } from '../parts/table.tsx';
import { Id, Note, Plain } from '../parts/text.tsx';
import { VmTable } from '../parts/vmTable.tsx';
import { Link } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';

export function LicencePage({ id }: { readonly id: string }) {
  const { api } = useSession();
  const data = useData(`licence ${id}`, (signal) => api.read('readLicence', { params: { id }, signal }));
  const [said, setSaid] = useState('');
  const [isGone, setGone] = useState(false);
  if (isGone) return <Deleted id={id} said={said} />;
  return (
    <Loaded data={data}>
      {(detail) => (
        <>
          <h1>
            <Plain text={detail.licence.customer?.name ?? detail.licence.id} />
          </h1>
          <LicenceState licence={detail.licence} />
          <Seats usage={detail.usage} />
          <LicenceActions
            detail={detail}
            reload={data.reload}
            finish={(done, deleted) => {
              setSaid(done);
              setGone(deleted);
              if (!deleted) data.reload();
            }}
          />
          <Done said={said} />
          <LicenceFacts detail={detail} />
          <Subscriptions licence={detail.licence} />
          <SeatHistory pool={`licence:${detail.licence.id.toLowerCase()}`} />
          <Vms licence={detail.licence.id} />
          <Refusals licence={detail.licence} />
          <Changes licence={detail.licence.id} />
        </>
      )}
    </Loaded>
  );
}

function Deleted({ id, said }: { readonly id: string; readonly said: string }) {
  return (
    <>
      <h1>
        <Plain text={id} />
      </h1>
      <Done said={said} />
      <p>
        <Link to={{ page: 'customers' }}>Look at the other customers</Link>
      </p>
    </>
  );
}

const listed = (entries: '*' | readonly string[], all: string) => (entries === '*' ? all : entries.join(', '));

const plainOrNothing = (text: string | null | undefined) => typeof text === 'string' && <Plain text={text} />;

function LicenceFacts({ detail: { licence, changedBy, changedAt } }: { readonly detail: LicenceDetailJson }) {
  const { customer, note, overage } = licence;
  return (
    <Facts
      facts={[
        ['Licence', <Plain key="id" text={licence.id} />],
        ['Offer', <Plain key="offer" text={licence.offer} />],
        ['Customer number', plainOrNothing(customer?.reference)],
        ['Contact', plainOrNothing(customer?.contact)],
        ['Class', licence.class],
        ['Valid from', licence.validFrom === null ? null : <Day key="from" at={licence.validFrom} />],
        ['Ends', <Day key="until" at={licence.validUntil} none="no end" />],
        ['Beyond the seats', overage !== 0 && String(overage)],
        ['VMs', licence.vmIds !== '*' && listed(licence.vmIds, '')],
        ['Skus', licence.skus !== '*' && listed(licence.skus, '')],
        [
          'Features',
          Object.keys(licence.features).length > 0 && <Plain key="f" text={JSON.stringify(licence.features)} />,
        ],
        ['Note', note !== '' && <Note key="note" text={note} />],
        [
          'Changed',
          <>
            <Ago at={changedAt} /> by <Id id={changedBy} what="the object id of who changed it" />
          </>,
        ],
      ]}
    />
  );
}

function Subscriptions({ licence }: { readonly licence: LicenceJson }) {
  const subscriptions = listSubscriptions(licence);
  return (
    <Panel title="Subscriptions">
      {subscriptions.length === 0 && <p>Every subscription of the emulator.</p>}
      <ul class="lines">
        {subscriptions.map(({ cloud, subscription, until }) => (
          <li key={`${cloud}/${subscription}`}>
            {cloud} <Id id={subscription} what="the id of the subscription" />
            {until !== null && (
              <>
                , leaves <Day at={until} />
              </>
            )}{' '}
            <Link to={{ page: 'decisions', query: { cloud, subscription } }}>its decisions</Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Vms({ licence }: { readonly licence: string }) {
  const { api } = useSession();
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) =>
      api.read('listActivations', { query: { licence, limit: MANY, continuation }, ...(signal && { signal }) }),
    [api, licence],
  );
  return (
    <Panel title="VMs">
      <Listed list={usePages(`vms ${licence}`, read)} empty="No VM has had this licence yet.">
        {(items) => <VmTable items={items} />}
      </Listed>
    </Panel>
  );
}

/** VMs of one page. */
const MANY = '25';

/** What few rows of a list are shown beneath something else. */
const FEW = '10';

/** Those of its one subscription are found at once; those of several by a search through the log. */
function Refusals({ licence }: { readonly licence: LicenceJson }) {
  const [only, ...others] = listSubscriptions(licence);
  const of = only !== undefined && others.length === 0 ? { cloud: only.cloud, subscription: only.subscription } : {};
  return (
    <Panel title="Refusals">
      <DecisionList
        filter={{ licence: licence.id, refused: 'true', limit: FEW, ...of }}
        isLive={false}
        without={['Licence', 'Offer']}
        empty="No VM was refused under this licence."
      />
    </Panel>
  );
}

function Changes({ licence }: { readonly licence: string }) {
  const filter = { kind: 'licence', key: licence };
  return (
    <Panel title="Changes" action={<Link to={{ page: 'changes', query: filter }}>All of them</Link>}>
      <ChangeList filter={{ ...filter, limit: FEW }} empty="Nobody has changed this licence since it is recorded." />
    </Panel>
  );
}
