import type { PoolJson } from '../../contract/operators/pool.ts';

export type SeatCount = Pick<PoolJson, 'taken' | 'over'> & { readonly seats: PoolJson['limit'] };

/** Of the drawing; it is stretched to its place. */
const WIDTH = 200;

/** Taken seats as a bar in a row of a list, with the numbers; beyond the seats it is striped. */
export function SeatBar({ taken, seats, over }: SeatCount) {
  if (seats === 'unlimited') {
    return (
      <span class="seatbar">
        <span>
          {taken.toLocaleString('en')} <span class="quiet">of unlimited</span>
        </span>
      </span>
    );
  }
  const most = Math.max(taken, seats, 1);
  const within = Math.min(taken, seats);
  const isFull = taken >= seats;
  return (
    <span class={isFull ? 'seatbar full' : 'seatbar'}>
      <svg viewBox={`0 0 ${WIDTH} 8`} preserveAspectRatio="none" aria-hidden="true">
        <rect class="room" width={WIDTH} height="8" />
        <rect class="taken" width={(WIDTH * within) / most} height="8" />
        <rect class="over" x={(WIDTH * within) / most} width={(WIDTH * (taken - within)) / most} height="8" />
      </svg>
      <span>
        {taken.toLocaleString('en')} <span class="quiet">of {seats.toLocaleString('en')}</span>
        {over > 0 && <span class="warn"> {over} over</span>}
      </span>
    </span>
  );
}
