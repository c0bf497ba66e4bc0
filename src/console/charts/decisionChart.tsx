import { useState } from 'preact/hooks';
import type { OverviewJson } from '../../contract/operators/overview.ts';
import { Link } from '../routing/navigation.tsx';
import { Table } from '../parts/table.tsx';
import { describeBar, labelBar } from '../text/time.ts';
import { arrangeBars } from './arrangeBars.ts';
import type { Bar, Bars, CountedCode } from './arrangeBars.ts';
import { DecisionBars } from './decisionBars.tsx';
import { FillPatterns, Swatch } from './fills.tsx';

export interface DecisionChartProps {
  readonly decisions: OverviewJson['decisions'];
}

/** Grants above and refusals below a line, by code; the same as words and as a table. */
export function DecisionChart({ decisions }: DecisionChartProps) {
  const [pointed, setPointed] = useState<Bar | null>(null);
  const arranged = arrangeBars(decisions);
  const { codes } = arranged;
  if (codes.length === 0) return <p class="empty">No VM asked for the first time, and none was refused.</p>;
  return (
    <figure class="chart">
      <FillPatterns />
      <DecisionBars arranged={arranged} by={decisions.by} pointed={pointed} point={setPointed} />
      <figcaption class="readout">
        {pointed === null ? 'Each VM counts once an hour. Times are UTC.' : <Readout bar={pointed} by={decisions.by} />}
      </figcaption>
      <div class="legends">
        <Legend title="Granted" codes={codes.filter(({ isGrant }) => isGrant)} />
        <Legend title="Refused" codes={codes.filter(({ isGrant }) => !isGrant)} />
      </div>
      <AsTable arranged={arranged} by={decisions.by} />
    </figure>
  );
}

type By = OverviewJson['decisions']['by'];

function Readout({ bar, by }: { readonly bar: Bar; readonly by: By }) {
  const counts = [...bar.counts].map(([code, count]) => `${count} ${code}`);
  return (
    <>
      <strong>{describeBar(bar, by)}</strong> {counts.length === 0 ? 'nothing' : counts.join(', ')}
    </>
  );
}

function Legend({ title, codes }: { readonly title: string; readonly codes: readonly CountedCode[] }) {
  const sum = codes.reduce((total, one) => total + one.total, 0);
  return (
    <section class="legend">
      <h3>
        {title} <strong>{sum.toLocaleString('en')}</strong>
      </h3>
      <ul>
        {codes.map((one) => (
          <li key={one.code}>
            <Swatch fill={one} />
            <Link to={{ page: 'decisions', query: { code: one.code } }}>{one.code}</Link>
            <span class="count">{one.total.toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function AsTable({ arranged: { bars, codes }, by }: { readonly arranged: Bars; readonly by: By }) {
  const columns = codes.map(({ code }) => ({
    title: code,
    cell: ({ counts }: Bar) => counts.get(code) ?? 0,
    isNumber: true,
  }));
  const when = { title: by === 'hour' ? 'Hour' : 'Day', cell: (bar: Bar) => labelBar(bar, by) };
  return (
    <details>
      <summary>As a table</summary>
      <div class="scrolled" tabIndex={0} role="region" aria-label="Grants and refusals as a table">
        <Table
          caption={`Grants and refusals by ${by}`}
          columns={[when, ...columns]}
          items={bars.filter(({ counts }) => counts.size > 0)}
          keyOf={({ from }) => String(from)}
        />
      </div>
    </details>
  );
}
