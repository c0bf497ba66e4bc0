import type { KeyReportJson } from '../../contract/operators/keys.ts';
import { KeyTimeline } from '../charts/keyTimeline.tsx';
import { useData } from '../data/useData.ts';
import { State } from '../parts/icons.tsx';
import type { Standing } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Ago, Day } from '../parts/now.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { Copy, Id } from '../parts/text.tsx';
import { useSession } from '../session/context.ts';

type SigningKey = KeyReportJson['signing'][number];

const STATES: Readonly<Record<SigningKey['state'], readonly [Standing, string]>> = {
  next: ['idle', 'next'],
  current: ['good', 'signs'],
  retired: ['idle', 'retired'],
};

const SIGNING: readonly Column<SigningKey>[] = [
  { title: 'Key', cell: ({ kid }) => <Id id={kid} what="the kid" /> },
  {
    title: 'State',
    cell: ({ state }) => {
      const [is, word] = STATES[state];
      return <State is={is} word={word} />;
    },
  },
  {
    title: 'Published',
    cell: ({ published }) => (published ? 'yes' : <State is="warn" word="not in a key set" />),
  },
  { title: 'Signs from', cell: ({ from }) => <Ago at={from} /> },
  { title: 'Published until', cell: ({ until }) => <Day at={until} /> },
];

export function KeysPage() {
  const { api } = useSession();
  const data = useData('keys', (signal) => api.read('readKeys', { signal }));
  return (
    <>
      <h1>Keys</h1>
      <Loaded data={data}>
        {(report) => (
          <>
            {report.troubles.map((trouble) => (
              <p key={trouble}>
                <State is="warn" word={trouble} />
              </p>
            ))}
            <Panel title="Rotation">
              <KeyTimeline report={report} />
            </Panel>
            <Roots roots={report.rootKeys} />
            <Panel title="Signing keys">
              <Table caption="Signing keys" columns={SIGNING} items={report.signing} keyOf={({ kid }) => kid} />
            </Panel>
          </>
        )}
      </Loaded>
    </>
  );
}

type Root = KeyReportJson['rootKeys'][number];

const ROOTS: readonly Column<Root>[] = [
  {
    title: 'Thumbprint',
    cell: ({ thumbprint }) =>
      thumbprint === null ? (
        'Its vault did not answer yet'
      ) : (
        <>
          <code class="whole">{thumbprint}</code>
          <Copy text={thumbprint} what="the thumbprint" />
        </>
      ),
  },
  { title: 'Kept in', cell: ({ source }) => SOURCES[source] },
  {
    title: 'Key set ends',
    cell: ({ set }) => (set === null ? <State is="bad" word="no key set" /> : <Day at={set.expiresAt} />),
  },
];

const SOURCES: Readonly<Record<Root['source'], string>> = {
  setting: 'a setting',
  vault: 'a vault',
  upload: 'offline: sets are uploaded',
};

function Roots({ roots }: { readonly roots: readonly Root[] }) {
  return (
    <Panel title="Root keys">
      <p class="quiet">Images carry the thumbprint of a root key. The key set that VMs believe is signed by it.</p>
      {roots.length === 0 ? (
        <p class="empty">There is none: VMs believe what the service publishes.</p>
      ) : (
        <Table caption="Root keys" columns={ROOTS} items={roots} keyOf={({ thumbprint }) => thumbprint ?? ''} />
      )}
    </Panel>
  );
}
