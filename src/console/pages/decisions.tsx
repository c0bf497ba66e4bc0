import { GRANT_CODES, LICENCE_CODES } from '../../contract/codes.ts';
import { DecisionList } from '../parts/decisionList.tsx';
import { Choice, Words, stay } from '../parts/filters.tsx';
import { useNavigation } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';
import { isUuid } from '../text/ids.ts';

const CODES = [...LICENCE_CODES, 'challenge_replayed', ...GRANT_CODES].map((code) => [code, code] as const);

export function DecisionsPage() {
  const { place } = useNavigation();
  const { code = '', cloud = '', subscription = '', vmId = '', live = 'on' } = place.query;
  const unfit = [subscription, vmId].find((id) => id !== '' && !isUuid(id));
  return (
    <>
      <h1>Decisions</h1>
      <Filters />
      {unfit === undefined ? (
        <DecisionList filter={{ code, cloud, subscription, vmId }} isLive={live === 'on'} />
      ) : (
        <p class="empty">Write the whole id of a subscription or VM, such as 6f1c1a52-0b7e-4c43-9d3c-3f5f0d1f8a11.</p>
      )}
    </>
  );
}

function Filters() {
  const { acceptedClouds } = useSession();
  const { place, go } = useNavigation();
  const { code = '', cloud = '', subscription = '', vmId = '', live = 'on' } = place.query;
  const change = (name: string) => (value: string) => {
    go({ page: 'decisions', query: { ...place.query, [name]: value } }, { replace: true });
  };
  const clouds = acceptedClouds.map((name) => [name, name] as const);
  return (
    <form class="filters" onSubmit={stay}>
      <Choice label="Code" value={code} options={[['', 'every code'], ...CODES]} change={change('code')} />
      <Choice label="Cloud" value={cloud} options={[['', 'every cloud'], ...clouds]} change={change('cloud')} />
      <Words label="Subscription" value={subscription} change={change('subscription')} />
      <Words label="VM" value={vmId} change={change('vmId')} />
      <p class="filter">
        <label>
          <input
            type="checkbox"
            checked={live === 'on'}
            onChange={({ currentTarget }) => {
              change('live')(currentTarget.checked ? '' : 'off');
            }}
          />{' '}
          Follow live
        </label>
      </p>
    </form>
  );
}
