import type { PoolJson } from '../../contract/operators/pool.ts';
import { Link } from '../routing/navigation.tsx';
import { shortenId } from '../text/ids.ts';
import { OfferName, Plain } from './text.tsx';

/** Whose pool it is: the customer, or the subscription and what it has. */
export function PoolName({
  pool: { kind, licence, customer, cloud, subscription, offer },
}: {
  readonly pool: PoolJson;
}) {
  if (kind === 'licence') {
    return (
      <Link to={{ page: 'licences', id: licence }}>
        <Plain text={customer ?? licence} />
      </Link>
    );
  }
  return (
    <span class="two">
      <Link to={{ page: 'decisions', query: { cloud, subscription } }}>
        <code title={subscription}>{shortenId(subscription)}</code>
      </Link>{' '}
      <span class="quiet">
        {kind === 'trial' ? 'trial of' : 'marketplace,'} <OfferName name={offer} />
      </span>
    </span>
  );
}
