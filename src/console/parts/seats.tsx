import type { SeatUsageJson } from '../../contract/operators/records.ts';
import { Ago } from './now.tsx';

/** Of the drawing; it is stretched to its place. */
const WIDTH = 200;

/** How many seats are taken, as a bar: beyond the seats it is striped. */
export function Seats({ usage }: { readonly usage: SeatUsageJson }) {
  const { taken, seats, over, overSince, overage } = usage;
  const room = seats === 'unlimited' ? null : seats;
  const most = Math.max(taken, room ?? 0, 1);
  const within = room === null ? taken : Math.min(taken, room);
  return (
    <div class="seats">
      <p>
        <strong>{taken}</strong> of {seats} seats taken
        {room !== null && overage !== 0 && <span class="quiet">, {overage} more are let in</span>}
      </p>
      {room !== null && (
        <svg viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
          <rect class="room" width={WIDTH} height="10" rx="2" />
          <rect class="taken" width={(WIDTH * within) / most} height="10" rx="2" />
          <rect class="over" x={(WIDTH * within) / most} width={(WIDTH * (taken - within)) / most} height="10" />
        </svg>
      )}
      {over > 0 && (
        <p class="state warn">
          {over} beyond the seats, first seen <Ago at={overSince} />
        </p>
      )}
    </div>
  );
}
