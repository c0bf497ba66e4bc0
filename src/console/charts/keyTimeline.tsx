import type { KeyReportJson } from '../../contract/operators/keys.ts';
import { useNow } from '../parts/now.tsx';
import { shortenId } from '../text/ids.ts';
import { describeDay } from '../text/time.ts';
import { arrangeKeys } from './arrangeKeys.ts';
import type { KeyPlan, KeyRow, Span } from './arrangeKeys.ts';
import { useWidth } from './useWidth.ts';

/** Pixels. */
const ROW = 36;
const BAR = 12;
const TOP = 26;
/** Room for what a key is called. */
const LEFT = 116;
/** The least room for one label of a day. */
const LABEL = 96;

/** When keys are published and sign, from now on. The page has the same in words. */
export function KeyTimeline({ report }: { readonly report: KeyReportJson }) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const now = useNow();
  const plan = arrangeKeys(report, now);
  const height = TOP + ROW * plan.rows.length;
  const x = (at: number) => LEFT + ((width - LEFT) * (at - plan.from)) / (plan.until - plan.from);
  return (
    <figure class="chart">
      <div ref={frame} class="keybars" style={{ minHeight: `${height}px` }}>
        {width > LEFT && (
          <svg {...{ width, height, viewBox: `0 0 ${width} ${height}` }} aria-hidden="true">
            <Days plan={plan} now={now} x={x} height={height} />
            {plan.rows.map((row, index) => (
              <Row key={`${row.kind} ${row.id}`} row={row} y={TOP + ROW * index} x={x} plan={plan} />
            ))}
            <g class="today" transform={`translate(${Math.round(x(now)) + 0.5} 0)`}>
              <path d={`M0 ${TOP - 6}V${height}`} />
              <text y={TOP - 12}>now</text>
            </g>
          </svg>
        )}
      </div>
      <figcaption class="keylegend">
        <span>
          <i class="published" /> published
        </span>
        <span>
          <i class="signs" /> signs
        </span>
      </figcaption>
    </figure>
  );
}

interface DaysProps {
  readonly plan: KeyPlan;
  readonly now: number;
  readonly x: (at: number) => number;
  readonly height: number;
}

function Days({ plan: { until }, now, x, height }: DaysProps) {
  const count = Math.floor((x(until) - x(now)) / (LABEL * 1.5));
  const times = Array.from({ length: count }, (_, index) => now + ((until - now) * (index + 1)) / (count + 0.5));
  return (
    <g class="days">
      {times.map((at) => (
        <g key={at} transform={`translate(${Math.round(x(at)) + 0.5} 0)`}>
          <path d={`M0 ${TOP - 6}V${height}`} />
          <text y={TOP - 12}>{describeDay(at)}</text>
        </g>
      ))}
    </g>
  );
}

interface RowProps {
  readonly row: KeyRow;
  readonly y: number;
  readonly x: (at: number) => number;
  readonly plan: KeyPlan;
}

function Row({ row: { id, kind, published, signs }, y, x, plan }: RowProps) {
  const place = ({ from, until }: Span) => {
    const [left, right] = [x(Math.max(plan.from, from ?? plan.from)), x(until ?? plan.until)];
    return { x: left, width: Math.max(2, right - left) };
  };
  return (
    <g transform={`translate(0 ${y})`}>
      <text class="key" y="12">
        {kind === 'root' ? 'Root key set' : 'Signing key'}
      </text>
      <text class="key id" y="26">
        {id === '' ? 'unknown yet' : shortenId(id)}
      </text>
      {published !== null && <rect class="published" y={9} height={BAR} rx="3" {...place(published)} />}
      {signs !== null && <rect class="signs" y={9 + BAR / 4} height={BAR / 2} rx="2" {...place(signs)} />}
    </g>
  );
}
