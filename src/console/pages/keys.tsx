import type { KeyReportJson } from '../../contract/operators/keys.ts';
import { useData } from '../data/useData.ts';
import { State } from '../parts/icons.tsx';
import type { Standing } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Ago, Day } from '../parts/now.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { Id } from '../parts/text.tsx';
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
            <Roots roots={report.rootKeys} />
            <section>
              <h2>Signing keys</h2>
              <Table caption="Signing keys" columns={SIGNING} items={report.signing} keyOf={({ kid }) => kid} />
            </section>
          </>
        )}
      </Loaded>
    </>
  );
}

function Roots({ roots }: { readonly roots: KeyReportJson['rootKeys'] }) {
  return (
    <section>
      <h2>Root keys</h2>
      <p class="quiet">Images carry the thumbprint of a root key. The key set that VMs believe is signed by it.</p>
      {roots.length === 0 && <p class="empty">There is none: VMs believe what the service publishes.</p>}
      <ul class="lines">
        {roots.map(({ thumbprint, source, set }) => (
          <li key={thumbprint}>
            {thumbprint === null ? 'Its vault did not answer yet' : <Id id={thumbprint} what="the thumbprint" />} (
            {source}){' '}
            {set === null ? (
              <State is="bad" word="no key set" />
            ) : (
              <>
                its key set ends <Day at={set.expiresAt} />
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
