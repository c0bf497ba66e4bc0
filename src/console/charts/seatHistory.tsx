import type { PoolHistoryJson } from '../../contract/operators/pool.ts';
import { chooseTicks } from './ticks.ts';
import { useWidth } from './useWidth.ts';
import { useData } from '../data/useData.ts';
import { useSession } from '../session/context.ts';
import { Loaded } from '../parts/loaded.tsx';
import { Panel } from '../parts/panel.tsx';
import { Table } from '../parts/table.tsx';

/** The most VMs at once on each of the last 30 days, against the seats. @param pool its name */
export function SeatHistory({ pool }: { readonly pool: string }) {
  const { api } = useSession();
  const data = useData(`history ${pool}`, (signal) => api.read('readPoolHistory', { params: { pool }, signal }));
  // A licence that no VM has had yet has no history.
  if (data.trouble?.kind === 'missing') return null;
  return (
    <Panel title="Seats over 30 days">
      <div class="history">
        <Loaded data={data}>{(history) => <History history={history} />}</Loaded>
      </div>
    </Panel>
  );
}

type Day = PoolHistoryJson['days'][number];

function History({ history }: { readonly history: PoolHistoryJson }) {
  const { limit, days } = history;
  const most = Math.max(0, ...days.map(({ mostAtOnce }) => mostAtOnce));
  if (most === 0) return <p class="empty">No VM was licensed in these 30 days.</p>;
  return (
    <figure class="chart">
      <Bars days={days} limit={typeof limit === 'number' ? limit : null} most={most} />
      <figcaption class="readout">
        VMs licensed at once, the most on each day: {most.toLocaleString('en')} at the highest
        {typeof limit === 'number' ? `, ${limit.toLocaleString('en')} seats now` : ''}.
      </figcaption>
      <details>
        <summary>As a table</summary>
        <div class="scrolled" tabIndex={0} role="region" aria-label="Seats over 30 days as a table">
          <Table caption="Seats over 30 days" columns={COLUMNS} items={days.toReversed()} keyOf={({ day }) => day} />
        </div>
      </details>
    </figure>
  );
}

const COLUMNS = [
  { title: 'Day', cell: ({ day }: Day) => day },
  { title: 'Most at once', cell: ({ mostAtOnce }: Day) => mostAtOnce.toLocaleString('en'), isNumber: true },
  { title: 'VM hours', cell: ({ vmHours }: Day) => vmHours.toLocaleString('en'), isNumber: true },
];

/** Pixels. */
const HEIGHT = 150;
const LEFT = 40;
const TOP = 16;
const BOTTOM = 22;
/** The least room for one label of a day. */
const LABEL = 56;

interface BarsProps {
  readonly days: readonly Day[];
  /** null: there is no line to draw. */
  readonly limit: number | null;
  readonly most: number;
}

function Bars({ days, limit, most }: BarsProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  // A limit far above would make all bars flat: it is then told beneath alone.
  const isNear = limit !== null && limit <= most * 10;
  const ticks = chooseTicks(Math.max(most, isNear ? limit : 0), 3);
  const unit = (HEIGHT - TOP - BOTTOM) / (ticks.at(-1) ?? 1);
  const step = Math.max(1, width - LEFT) / days.length;
  const every = Math.ceil(LABEL / step);
  const y = (count: number) => Math.round(HEIGHT - BOTTOM - count * unit) + 0.5;
  return (
    <div ref={frame} class="bars seatdays">
      {width > 0 && (
        <svg {...{ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` }} aria-hidden="true">
          <g class="grid">
            {ticks.map((count) => (
              <g key={count} transform={`translate(0 ${y(count)})`}>
                <path class={count === 0 ? 'zero' : ''} d={`M${LEFT} 0H${width}`} />
                <text x={LEFT - 8} y="4">
                  {count.toLocaleString('en')}
                </text>
              </g>
            ))}
          </g>
          {days.map(({ day, mostAtOnce }, index) => (
            <g key={day} transform={`translate(${LEFT + index * step} 0)`}>
              <title>{`${day}: ${mostAtOnce}`}</title>
              <rect class="band" width={step} y={TOP} height={HEIGHT - TOP - BOTTOM} />
              <rect
                class={limit !== null && mostAtOnce > limit ? 'over' : 'taken'}
                x={step * 0.14}
                width={step * 0.72}
                y={y(mostAtOnce)}
                height={Math.max(0, y(0) - y(mostAtOnce))}
              />
              {(days.length - 1 - index) % every === 0 && LEFT + (index + 0.5) * step + LABEL / 3 < width && (
                <text class="when" y={HEIGHT - 5} x={step / 2}>
                  {day.slice(5)}
                </text>
              )}
            </g>
          ))}
          {isNear && (
            <g class="limit" transform={`translate(0 ${y(limit)})`}>
              <path d={`M${LEFT} 0H${width}`} />
              <text x={width} y="-4">
                {limit.toLocaleString('en')} seats
              </text>
            </g>
          )}
        </svg>
      )}
    </div>
  );
}
