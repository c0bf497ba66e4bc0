import type { OverviewJson } from '../../../contract/operators/overview.ts';
import { Link } from '../../routing/navigation.tsx';
import { shortenId } from '../../text/ids.ts';
import { Panel } from '../panel.tsx';
import { DecisionState } from '../states.tsx';
import { Table } from '../table.tsx';
import type { Column } from '../table.tsx';
import { Plain } from '../text.tsx';

type Refused = OverviewJson['refused'];
type Item = Refused['items'][number];

const COLUMNS: readonly Column<Item>[] = [
  { title: 'Customer', cell: (item) => <Who item={item} /> },
  {
    title: 'Refused with',
    cell: ({ code, cloud, subscription }) => (
      <Link to={{ page: 'decisions', query: { code, ...(subscription !== null && { cloud, subscription }) } }}>
        <DecisionState code={code} />
      </Link>
    ),
  },
  { title: '24 hours', cell: ({ last24h }) => last24h.toLocaleString('en'), isNumber: true },
  { title: 'Day before', cell: ({ dayBefore }) => dayBefore.toLocaleString('en'), isNumber: true },
  { title: 'Change', cell: (item) => <Change item={item} />, isNumber: true },
];

/** Who was refused in the last day, most refusals first. */
export function RefusedNow({ refused: { items, complete } }: { readonly refused: Refused }) {
  return (
    <Panel title="Refused now" action={!complete && <Link to={{ page: 'decisions' }}>All decisions</Link>}>
      {items.length === 0 ? (
        <p class="empty">No VM was refused in the last 24 hours.</p>
      ) : (
        <Table
          caption="Refused in the last 24 hours"
          columns={COLUMNS}
          items={items}
          keyOf={({ code, licence, cloud, subscription }) => [code, licence, cloud, subscription].join(' ')}
        />
      )}
    </Panel>
  );
}

function Who({ item: { customer, licence, cloud, subscription } }: { readonly item: Item }) {
  if (licence !== null && !licence.includes(':')) {
    return (
      <Link to={{ page: 'licences', id: licence }}>
        <Plain text={customer ?? licence} />
      </Link>
    );
  }
  if (subscription === null) return <Plain text={licence ?? ''} />;
  return (
    <>
      <Link to={{ page: 'decisions', query: { cloud, subscription } }}>
        <code title={subscription}>{shortenId(subscription)}</code>
      </Link>{' '}
      <span class="quiet">no licence</span>
    </>
  );
}

/** Against the day before. */
function Change({ item: { last24h, dayBefore } }: { readonly item: Item }) {
  const change = last24h - dayBefore;
  if (dayBefore === 0) return <span class="bad">new</span>;
  if (change === 0) return <span class="quiet">as many</span>;
  const [mark, word, is] = change > 0 ? ['▲', 'more', 'bad'] : ['▼', 'fewer', 'good'];
  return (
    <span class={is}>
      <span aria-hidden="true">{mark}</span> {Math.abs(change).toLocaleString('en')}
      <span class="unseen"> {word}</span>
    </span>
  );
}
