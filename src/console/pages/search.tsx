import { useEffect } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { SearchAnswerJson } from '../../contract/operators/search.ts';
import { useData } from '../data/useData.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Loading } from '../parts/notices.tsx';
import { Ago } from '../parts/now.tsx';
import { Panel } from '../parts/panel.tsx';
import { DecisionState } from '../parts/states.tsx';
import { OfferName, Plain } from '../parts/text.tsx';
import { Link, useNavigation } from '../routing/navigation.tsx';
import type { Target } from '../routing/place.ts';
import { findSureHit, placeOfSubscription } from '../routing/sureHit.ts';
import { useSession } from '../session/context.ts';
import { isUuid } from '../text/ids.ts';

/** The service finds nothing by less than two letters or digits, but for an id. */
const SEARCHABLE = /[\p{L}\p{N}]{2}|^[A-Za-z0-9]$/u;

/** What the words of the search box find; one sure hit is opened at once. */
export function SearchPage({ words }: { readonly words: string }) {
  const isAsked = words !== '';
  return (
    <>
      <h1>{isAsked ? <>Found for “{<Plain text={words} />}”</> : 'Search'}</h1>
      {SEARCHABLE.test(words) ? <Answer words={words} /> : <Advice words={words} />}
    </>
  );
}

function Answer({ words }: { readonly words: string }) {
  const { api } = useSession();
  const { go } = useNavigation();
  const data = useData(`search ${words}`, (signal) => api.read('search', { query: { q: words }, signal }));
  const hit = data.value === null ? null : findSureHit(data.value);
  const address = hit === null ? '' : JSON.stringify(hit);
  useEffect(() => {
    // Back leads to where the search was begun.
    if (address !== '') go(JSON.parse(address) as Target, { replace: true });
  }, [address]);
  if (hit !== null) return <Loading />;
  return <Loaded data={data}>{(found) => <Found found={found} />}</Loaded>;
}

function Found({ found }: { readonly found: SearchAnswerJson }) {
  const { licences, subscriptions, vms, decisions, complete, query } = found;
  if (licences.length + subscriptions.length + vms.length + decisions.length === 0) return <Advice words={query} />;
  return (
    <div class="found">
      {!complete && <p class="quiet">There is more. Write more of the word or the id.</p>}
      <Group title="Licences" items={licences.map((licence) => ({ key: licence.id, row: <Licence {...licence} /> }))} />
      <Group
        title="Subscriptions"
        items={subscriptions.map(({ id, cloud, lastMet }) => ({
          key: `${cloud} ${id}`,
          row: <Known to={placeOfSubscription(cloud, id)} {...{ id, cloud, lastMet }} />,
        }))}
      />
      <Group
        title="VMs"
        items={vms.map(({ id, cloud, lastMet }) => ({
          key: `${cloud} ${id}`,
          row: <Known to={{ page: 'vms', id }} {...{ id, cloud, lastMet }} />,
        }))}
      />
      <Group
        title="Decisions"
        items={decisions.map(({ id, code, at }) => ({
          key: id,
          row: (
            <>
              <Link to={{ page: 'decisions', id }}>
                <code>{id}</code>
              </Link>
              <DecisionState code={code} />
              <Ago at={at} />
            </>
          ),
        }))}
      />
    </div>
  );
}

interface GroupProps {
  readonly title: string;
  readonly items: readonly { readonly key: string; readonly row: ComponentChildren }[];
}

function Group({ title, items }: GroupProps) {
  if (items.length === 0) return null;
  return (
    <Panel title={title} action={<span class="quiet">{items.length}</span>}>
      <ul class="rows hits">
        {items.map(({ key, row }) => (
          <li key={key}>{row}</li>
        ))}
      </ul>
    </Panel>
  );
}

function Licence({ id, customer, reference, offer }: SearchAnswerJson['licences'][number]) {
  return (
    <>
      <Link to={{ page: 'licences', id }}>
        <Plain text={customer ?? id} />
      </Link>
      <span class="quiet">
        {customer !== null && <Plain text={id} />}
        {reference !== null && (
          <>
            {' · '}
            <Plain text={reference} />
          </>
        )}
      </span>
      <span class="quiet">
        <OfferName name={offer} />
      </span>
    </>
  );
}

interface KnownProps {
  readonly to: Target;
  readonly id: string;
  readonly cloud: string;
  readonly lastMet: string;
}

function Known({ to, id, cloud, lastMet }: KnownProps) {
  return (
    <>
      <Link to={to}>
        <code>{id}</code>
      </Link>
      <span class="quiet">{cloud}</span>
      <span class="quiet">
        met <Ago at={lastMet} />
      </span>
    </>
  );
}

/** What is searched, and what else to try. */
function Advice({ words }: { readonly words: string }) {
  return (
    <Panel title={words === '' ? 'What can be found' : 'Nothing was found'}>
      <p>The search looks for beginnings of words, and for ids:</p>
      <ul class="advice">
        <li>licences, by their id and by words of the customer’s name and number and of the note</li>
        <li>subscriptions and VMs, by their id or its beginning, once they have met the service</li>
        <li>decisions, by the correlation id that the VM got</li>
      </ul>
      {words !== '' && (
        <>
          <p>
            New names, and ids by their beginning, are found some minutes after they are there. Write fewer words, or
            only the first letters of one. Labels of VMs are not searched: open the licence, and look at its VMs.
          </p>
          {isUuid(words) && <Elsewhere id={words.toLowerCase()} />}
        </>
      )}
    </Panel>
  );
}

/** An id that is not known yet may still be in the newest decisions. */
function Elsewhere({ id }: { readonly id: string }) {
  return (
    <p>
      Or look for it as <Link to={{ page: 'vms', id }}>a VM</Link>, or among the decisions of{' '}
      <Link to={{ page: 'decisions', query: { subscription: id } }}>a subscription</Link>.
    </p>
  );
}
