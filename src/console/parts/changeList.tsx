import { useCallback } from 'preact/hooks';
import type { ChangeJson } from '../../contract/operators/change.ts';
import { usePages } from '../data/usePages.ts';
import { Link } from '../routing/navigation.tsx';
import type { Target } from '../routing/place.ts';
import { useSession } from '../session/context.ts';
import { NOTHING, describeManner, describeVerb, listDifferences } from '../text/changes.ts';
import type { Difference } from '../text/changes.ts';
import { shortenId } from '../text/ids.ts';
import { State } from './icons.tsx';
import type { Standing } from './icons.tsx';
import { Listed } from './loaded.tsx';
import { Ago } from './now.tsx';
import { Table } from './table.tsx';
import type { Column } from './table.tsx';
import { Plain } from './text.tsx';

const STATES: Readonly<Record<Exclude<ChangeJson['state'], 'done'>, readonly [Standing, string]>> = {
  begun: ['idle', 'being written'],
  failed: ['bad', 'not written'],
  unknown: ['warn', 'perhaps not written'],
};

const COLUMNS: readonly Column<ChangeJson>[] = [
  { title: 'What', cell: (change) => <What change={change} /> },
  { title: 'Old → new', cell: (change) => <Differences change={change} /> },
  { title: 'Reason', cell: ({ reason }) => reason !== null && reason !== '' && <Plain text={reason} /> },
  { title: 'Who', cell: ({ by }) => <Who by={by} /> },
  { title: 'When', cell: ({ at }) => <Ago at={at} /> },
];

/** As `GET /changes` takes them. */
export interface ChangeFilter {
  readonly kind?: string;
  readonly key?: string;
  readonly by?: string;
  readonly from?: string;
  readonly until?: string;
  readonly limit?: string;
}

/** What operators changed, the newest first. */
export function ChangeList({ filter, empty }: { readonly filter: ChangeFilter; readonly empty: string }) {
  const { api } = useSession();
  const key = JSON.stringify(filter);
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) => {
      const query = { ...(JSON.parse(key) as ChangeFilter), continuation };
      return api.read('listChanges', { query, ...(signal && { signal }) });
    },
    [api, key],
  );
  return (
    <Listed list={usePages(`changes ${key}`, read)} empty={empty}>
      {(items) => <Table caption="Changes, the newest first" columns={COLUMNS} items={items} keyOf={({ id }) => id} />}
    </Listed>
  );
}

function What({ change }: { readonly change: ChangeJson }) {
  const { kind, key, operation, state } = change;
  const to = placeOf(kind, key);
  const manner = describeManner(operation);
  const name = (
    <Plain text={kind === 'block' || kind === 'activation' ? shortenId(key.split('/').at(-1) ?? '') : key} />
  );
  return (
    <>
      {to === null ? name : <Link to={to}>{name}</Link>}
      <span class="beneath">
        {kind === 'block' || kind === 'activation' ? 'VM' : kind} {describeVerb(change)}
        {manner !== null && ` ${manner}`}
        {state !== 'done' && (
          <>
            {' · '}
            <State is={STATES[state][0]} word={STATES[state][1]} />
          </>
        )}
      </span>
    </>
  );
}

/** Where the object is shown; null where no page shows it. */
function placeOf(kind: ChangeJson['kind'], key: string): Target | null {
  switch (kind) {
    case 'licence':
      return { page: 'licences', id: key };
    case 'block':
    case 'activation': {
      const at = key.lastIndexOf('/');
      return { page: 'vms', id: key.slice(at + 1), query: { pool: key.slice(0, at) } };
    }
    case 'offer':
    case 'override':
      return { page: 'offers' };
    case 'pin':
    case 'distrust':
      return { page: 'trust' };
    case 'keyset':
      return { page: 'keys' };
    case 'claim':
    case 'privacy':
    case 'offline':
    case 'restore':
      return null;
  }
}

/** More than these are folded away. */
const SHOWN = 3;

function Differences({ change }: { readonly change: ChangeJson }) {
  const all = listDifferences(change);
  const isWhole = change.old !== null && change.new !== null;
  const isShort = isWhole && all.length <= SHOWN;
  return (
    <>
      {isShort ? (
        <DifferenceList items={all} isWhole />
      ) : (
        all.length > 0 && (
          <details>
            <summary>
              {isWhole ? `${all.length} members` : 'All that it ' + (change.new === null ? 'had' : 'has')}
            </summary>
            <DifferenceList items={all} isWhole={isWhole} />
          </details>
        )
      )}
      {change.partial && <span class="beneath">Only what differs is kept.</span>}
    </>
  );
}

function DifferenceList({ items, isWhole }: { readonly items: readonly Difference[]; readonly isWhole: boolean }) {
  return (
    <ul class="differences">
      {items.map(({ name, old, new: changed }) => (
        <li key={name}>
          <span class="quiet">{name}</span> {(isWhole || old !== NOTHING) && <Value text={old} />}
          {isWhole && (
            <>
              <span aria-hidden="true"> → </span>
              <span class="unseen">becomes</span>
            </>
          )}
          {(isWhole || changed !== NOTHING) && <Value text={changed} />}
        </li>
      ))}
    </ul>
  );
}

function Value({ text }: { readonly text: string }) {
  return text === NOTHING ? <span class="quiet">nothing</span> : <Plain text={text} />;
}

function Who({ by: { id, name } }: { readonly by: ChangeJson['by'] }) {
  return (
    <span title={`Object id ${id}`}>
      <Link to={{ page: 'changes', query: { by: id } }}>
        {name === null ? <code>{shortenId(id)}</code> : <Plain text={name} />}
      </Link>
    </span>
  );
}
