import type { OverviewJson } from '../../contract/operators/overview.ts';
import { labelBar } from '../text/time.ts';
import type { Bar, Bars, CountedCode } from './arrangeBars.ts';
import { FILLS } from './arrangeBars.ts';
import { fillOf } from './fills.tsx';
import { chooseTicks } from './ticks.ts';
import { useWidth } from './useWidth.ts';

/** Pixels. */
const HEIGHT = 220;
const LEFT = 40;
const TOP = 10;
const BOTTOM = 24;
/** The least room for one label of time. */
const LABEL = 64;
const WIDEST = 44;

export interface DecisionBarsProps {
  readonly arranged: Bars;
  readonly by: OverviewJson['decisions']['by'];
  readonly pointed: Bar | null;
  readonly point: (bar: Bar | null) => void;
}

/** Where the line of zero is, and how high one decision is, in pixels. */
interface Scale {
  readonly zero: number;
  readonly unit: number;
  readonly up: readonly number[];
  readonly down: readonly number[];
}

export function DecisionBars({ arranged: { bars, codes }, by, pointed, point }: DecisionBarsProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const scale = chooseScale(bars);
  const step = Math.max(1, width - LEFT) / Math.max(1, bars.length);
  const every = Math.ceil(LABEL / step);
  const granted = bars.reduce((sum, bar) => sum + bar.granted, 0);
  const refused = bars.reduce((sum, bar) => sum + bar.refused, 0);
  return (
    <div ref={frame} class="bars">
      {width > 0 && (
        <svg
          {...{ width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img' }}
          aria-label={`${granted} grants and ${refused} refusals. The table below has them ${by} by ${by}.`}
        >
          <Grid scale={scale} width={width} />
          {bars.map((bar, index) => (
            <g
              key={bar.from}
              class={bar === pointed ? 'bar pointed' : 'bar'}
              transform={`translate(${LEFT + index * step} 0)`}
              onPointerEnter={() => {
                point(bar);
              }}
              onPointerLeave={() => {
                point(null);
              }}
            >
              <rect class="band" width={step} y={TOP} height={HEIGHT - TOP - BOTTOM} />
              <Stacks bar={bar} codes={codes} scale={scale} step={step} />
              {index % every === 0 && LEFT + (index + 0.5) * step + LABEL / 3 < width && (
                <text class="when" y={HEIGHT - 6} x={step / 2}>
                  {labelBar(bar, by)}
                </text>
              )}
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}

function chooseScale(bars: readonly Bar[]): Scale {
  const [most, least] = [
    Math.max(0, ...bars.map(({ granted }) => granted)),
    Math.max(0, ...bars.map(({ refused }) => refused)),
  ];
  const [, size = 1] = chooseTicks(Math.max(most, least));
  const ticks = (highest: number) =>
    Array.from({ length: Math.ceil(highest / size) }, (_, index) => (index + 1) * size);
  const [up, down] = [ticks(most), ticks(least)];
  const unit = (HEIGHT - TOP - BOTTOM) / ((up.length + down.length) * size);
  return { zero: TOP + up.length * size * unit, unit, up, down };
}

function Grid({ scale: { zero, unit, up, down }, width }: { readonly scale: Scale; readonly width: number }) {
  const lines = [...down.map((count) => -count).toReversed(), 0, ...up];
  return (
    <g class="grid">
      {lines.map((count) => (
        <g key={count} transform={`translate(0 ${Math.round(zero - count * unit) + 0.5})`}>
          <path class={count === 0 ? 'zero' : ''} d={`M${LEFT} 0H${width}`} />
          <text x={LEFT - 8} y="4">
            {Math.abs(count).toLocaleString('en')}
          </text>
        </g>
      ))}
    </g>
  );
}

interface StacksProps {
  readonly bar: Bar;
  readonly codes: readonly CountedCode[];
  readonly scale: Scale;
  /** Pixels from one bar to the next. */
  readonly step: number;
}

function Stacks({ bar, codes, scale, step }: StacksProps) {
  const width = Math.max(1, Math.min(WIDEST, step * 0.72));
  const x = (step - width) / 2;
  return (
    <>
      {stack(bar, codes, scale).map(({ fill, y, height }) => (
        <rect key={fill} x={x} width={width} y={y} height={height} fill={fill} />
      ))}
    </>
  );
}

/** Pieces from the line of zero outwards; what is there at all is at least two pixels high. */
function stack(bar: Bar, codes: readonly CountedCode[], { zero, unit }: Scale) {
  return [true, false].flatMap((isGrant) => {
    let end = zero;
    return Array.from({ length: FILLS }, (_, fill) => {
      const own = codes.filter((code) => code.isGrant === isGrant && code.fill === fill);
      const count = own.reduce((sum, { code }) => sum + (bar.counts.get(code) ?? 0), 0);
      const height = count === 0 ? 0 : Math.max(2, count * unit);
      const y = isGrant ? end - height : end;
      end += isGrant ? -height : height;
      return { fill: fillOf({ isGrant, fill }), y, height };
    }).filter(({ height }) => height > 0);
  });
}
