import type { ComponentChildren } from 'preact';
import type { OverviewJson } from '../../../contract/operators/overview.ts';
import { Link } from '../../routing/navigation.tsx';
import { shortenId } from '../../text/ids.ts';
import { describeDay, describeAgo } from '../../text/time.ts';
import { useNow } from '../now.tsx';
import { Panel } from '../panel.tsx';
import { Plain } from '../text.tsx';

type Ending = OverviewJson['ending'];

interface End {
  readonly key: string;
  readonly kind: string;
  readonly endsAt: string;
  readonly name: ComponentChildren;
}

/** Milliseconds: what ends within them stands out. */
const SOON = 14 * 86_400_000;

/** Licences, pins and keys that end within 60 days, the first ones first. */
export function EndingSoon({ ending }: { readonly ending: Ending }) {
  const now = useNow();
  const ends = listEnds(ending);
  return (
    <Panel
      title="Ends within 60 days"
      action={<Link to={{ page: 'customers', query: { sort: 'end', endsBefore: ending.until } }}>All licences</Link>}
    >
      {ends.length === 0 && <p class="empty">No licence, no pinned CA and no key ends in this time.</p>}
      <ol class="rows ends">
        {ends.map(({ key, kind, endsAt, name }) => {
          const at = Date.parse(endsAt);
          return (
            <li key={key}>
              <time dateTime={endsAt} class={at - now < SOON ? 'warn' : ''}>
                {describeAgo(at, now)} <span class="quiet">{describeDay(at)}</span>
              </time>
              <span class="tag">{kind}</span>
              <span class="name">{name}</span>
            </li>
          );
        })}
      </ol>
      {!ending.complete && <p class="quiet">These are the first licences to end. There are more.</p>}
    </Panel>
  );
}

function listEnds({ licences, pins, keys }: Ending): readonly End[] {
  const ends: readonly End[] = [
    ...licences.map(({ id, customer, endsAt }) => ({
      ...{ key: `licence ${id}`, kind: 'Licence', endsAt },
      name: (
        <Link to={{ page: 'licences', id }}>
          <Plain text={customer ?? id} />
        </Link>
      ),
    })),
    ...pins.map(({ cloud, sha256, name, endsAt }) => ({
      ...{ key: `pin ${cloud} ${sha256}`, kind: 'Pin', endsAt },
      name: (
        <Link to={{ page: 'trust' }}>
          <Plain text={name} />
        </Link>
      ),
    })),
    ...keys.map(({ kind, id, endsAt }) => ({
      ...{ key: `${kind} ${id ?? ''}`, kind: kind === 'key_set' ? 'Key set' : 'Key', endsAt },
      name: (
        <Link to={{ page: 'keys' }}>
          <code>{shortenId(id ?? 'of a root key')}</code>
        </Link>
      ),
    })),
  ];
  return ends.toSorted((left, right) => Date.parse(left.endsAt) - Date.parse(right.endsAt));
}
