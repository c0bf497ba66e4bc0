import type { PoolJson } from '../../../contract/operators/pool.ts';
import { Link } from '../../routing/navigation.tsx';
import { Panel } from '../panel.tsx';
import { PoolName } from '../poolName.tsx';
import { SeatBar } from '../seatBar.tsx';

/** The pools of seats with the greatest share taken. */
export function FullestPools({ pools }: { readonly pools: readonly PoolJson[] }) {
  const shown = pools.filter(({ taken }) => taken > 0);
  return (
    <Panel title="Fullest pools" action={<Link to={{ page: 'customers' }}>All customers</Link>}>
      {shown.length === 0 && (
        <p class="empty">No seat is taken yet. Pools are counted minutes after a VM’s first boot.</p>
      )}
      <ol class="rows">
        {shown.map((pool) => (
          <li key={pool.pool}>
            <PoolName pool={pool} />
            <SeatBar taken={pool.taken} seats={pool.limit} over={pool.over} />
            {pool.refused.last24h > 0 && (
              <span class="bad">{pool.refused.last24h.toLocaleString('en')} turned away in 24 h</span>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
