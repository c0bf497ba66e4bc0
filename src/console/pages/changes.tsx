import { ChangeList } from '../parts/changeList.tsx';
import { Choice, DayField, Words, stay } from '../parts/filters.tsx';
import { Link, useNavigation } from '../routing/navigation.tsx';
import { Plain } from '../parts/text.tsx';
import { nextDay } from '../text/time.ts';

const KINDS = [
  ...([
    ['licence', 'licences'],
    ['offer', 'offers'],
    ['override', 'overrides'],
    ['claim', 'claim codes'],
  ] as const),
  ...([
    ['block', 'blocks of VMs'],
    ['activation', 'seats and keys of VMs'],
    ['offline', 'licences by file'],
  ] as const),
  ...([
    ['pin', 'pins'],
    ['distrust', 'distrusts'],
    ['keyset', 'key sets'],
    ['privacy', 'erasures'],
    ['restore', 'restores'],
  ] as const),
] as const;

/** Who changed what, when and why. */
export function ChangesPage() {
  const { place, go } = useNavigation();
  const { kind = '', key = '', by = '', from = '', to = '' } = place.query;
  const isFiltered = [kind, by, from, to].some((value) => value !== '');
  const change = (query: Readonly<Record<string, string>>) => {
    go({ page: 'changes', query: { ...place.query, ...query } }, { replace: true });
  };
  const set = (name: string) => (value: string) => {
    change({ [name]: value });
  };
  return (
    <>
      <h1>Changes</h1>
      <form class="filters" onSubmit={stay}>
        <Choice
          label="Of"
          value={kind}
          options={[['', 'everything'], ...KINDS]}
          change={(value) => {
            change({ kind: value, key: '' });
          }}
        />
        <Words label="Operator’s object id" value={by} change={set('by')} />
        <DayField label="From" value={from} change={set('from')} />
        <DayField label="To" value={to} change={set('to')} />
      </form>
      {key !== '' && (
        <p>
          Only those of <Plain text={key} />. <Link to={{ page: 'changes', query: { kind } }}>Show the others too</Link>
        </p>
      )}
      {from !== '' && to !== '' && from > to ? (
        <p class="empty">The first day is later than the last one. Choose an earlier first day.</p>
      ) : (
        <ChangeList
          filter={{ kind, key, by, from: from && `${from}T00:00:00Z`, until: to && nextDay(to) }}
          empty={isFiltered ? 'Nothing was changed that fits.' : 'Nothing was changed yet.'}
        />
      )}
    </>
  );
}
