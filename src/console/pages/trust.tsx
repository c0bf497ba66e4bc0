import type { CloudStatusJson, IssuerJson, TrustReportJson } from '../../contract/operators/trust.ts';
import { useData } from '../data/useData.ts';
import { State } from '../parts/icons.tsx';
import type { Standing } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Ago, Day } from '../parts/now.tsx';
import { Table } from '../parts/table.tsx';
import type { Column } from '../parts/table.tsx';
import { Copy, Id, Note, Plain } from '../parts/text.tsx';
import { useSession } from '../session/context.ts';

const VERDICTS: Readonly<Record<TrustReportJson['verdict'], Standing>> = {
  ok: 'good',
  degraded: 'warn',
  failed: 'bad',
};

/** What is trusted, to read alone: pins are made by the command line. */
export function TrustPage() {
  const { api } = useSession();
  const trust = useData('trust', (signal) => api.read('readTrust', { signal }));
  const issuers = useData('issuers', (signal) => api.read('listUnknownIssuers', { signal }));
  return (
    <>
      <h1>Trust</h1>
      <Loaded data={trust}>{(report) => <Report report={report} />}</Loaded>
      <section>
        <h2>Unknown issuers</h2>
        <p class="quiet">
          Names in certificates that no pin knows. Anybody may have written them: they are a reason to look.
        </p>
        <Loaded data={issuers}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="empty">None was seen.</p>
            ) : (
              <Table
                caption="Unknown issuers"
                columns={ISSUERS}
                items={items}
                keyOf={({ name, cloud }) => `${cloud} ${name}`}
              />
            )
          }
        </Loaded>
      </section>
      <Commands />
    </>
  );
}

function Report({ report }: { readonly report: TrustReportJson }) {
  return (
    <>
      <p>
        <State is={VERDICTS[report.verdict]} word={report.verdict} /> <span class="quiet">looked at</span>{' '}
        <Ago at={report.at} />
      </p>
      {report.clouds.toSorted(byAcceptance).map((cloud) => (
        <Cloud key={cloud.cloud} cloud={cloud} />
      ))}
      <OwnPins report={report} />
    </>
  );
}

const byAcceptance = (one: CloudStatusJson, other: CloudStatusJson) => Number(other.accepted) - Number(one.accepted);

function Cloud({ cloud }: { readonly cloud: CloudStatusJson }) {
  if (cloud.accepted) {
    return (
      <section>
        <h2>
          {cloud.cloud} <State is={VERDICTS[cloud.verdict]} word={cloud.verdict} />
        </h2>
        <Path cloud={cloud} />
        <Pins cloud={cloud} />
      </section>
    );
  }
  return (
    <details>
      <summary>
        {cloud.cloud} <State is="idle" word="not accepted" />
      </summary>
      <Pins cloud={cloud} />
    </details>
  );
}

function Pins({ cloud }: { readonly cloud: CloudStatusJson }) {
  const lists = [
    ['Without a certificate at hand', cloud.missing],
    ['Without a path', cloud.withoutPath],
    ['Ending soon', cloud.endingSoon],
    ['Distrusted', cloud.distrusted],
  ] as const;
  return (
    <>
      {lists
        .filter(([, pins]) => pins.length > 0)
        .map(([title, pins]) => (
          <div key={title}>
            <h3>{title}</h3>
            <ul class="lines pins">
              {pins.map(({ name, sha256, notBefore, notAfter }) => (
                <li key={sha256}>
                  <Plain text={name} />
                  <Life from={notBefore} until={notAfter} />
                  <Day at={notAfter} />
                </li>
              ))}
            </ul>
          </div>
        ))}
    </>
  );
}

/** The best of today's paths, from the leaf up. */
function Path({ cloud: { path, pathUntil } }: { readonly cloud: CloudStatusJson }) {
  if (path.length === 0) return <p>There is no complete path today: no VM of this cloud gets a licence.</p>;
  return (
    <>
      <ol class="path">
        <li>leaf</li>
        {path.map((name) => (
          <li key={name}>
            <Plain text={name} />
          </li>
        ))}
      </ol>
      <p>
        It lasts until <Day at={pathUntil} />.
      </p>
    </>
  );
}

/** How much of a certificate's life has passed. */
function Life({ from, until }: { readonly from: string; readonly until: string }) {
  const [start, end] = [Date.parse(from), Date.parse(until)];
  const passed = Math.min(1, Math.max(0, (Date.now() - start) / (end - start)));
  return (
    <svg class="life" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="room" width="100" height="8" rx="2" />
      <rect class="taken" width={100 * passed} height="8" rx="2" />
    </svg>
  );
}

function OwnPins({ report: { pins, distrusts } }: { readonly report: TrustReportJson }) {
  return (
    <section>
      <h2>Pins and distrusts of operators</h2>
      {pins.length + distrusts.length === 0 && <p class="empty">There are none.</p>}
      <ul class="lines">
        {pins.map(({ sha256, cloud, name, role, notAfter, note }) => (
          <li key={`pin ${sha256}`}>
            Pin of {cloud}: <Plain text={name} /> ({role}), until <Day at={notAfter} />{' '}
            <Id id={sha256} what="its SHA-256" />
            {note !== '' && <Note text={note} />}
          </li>
        ))}
        {distrusts.map(({ sha256, note, changedAt }) => (
          <li key={`distrust ${sha256}`}>
            Distrusted <Ago at={changedAt} />: <Id id={sha256} what="its SHA-256" />
            {note !== '' && <Note text={note} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

const ISSUERS: readonly Column<IssuerJson>[] = [
  { title: 'Name', cell: ({ name }) => <Plain text={name} /> },
  { title: 'Cloud', cell: ({ cloud }) => cloud ?? '–' },
  { title: 'Times', cell: ({ count }) => count, isNumber: true },
  { title: 'First seen', cell: ({ firstSeen }) => <Ago at={firstSeen} /> },
  { title: 'Last seen', cell: ({ lastSeen }) => <Ago at={lastSeen} /> },
];

const COMMANDS = ['countersign trust status', 'countersign trust add --help', 'countersign trust distrust --help'];

function Commands() {
  return (
    <section>
      <h2>To change it</h2>
      <p>A pin is the power to make VM identities. An administrator changes pins on the command line alone:</p>
      <ul class="lines">
        {COMMANDS.map((command) => (
          <li key={command}>
            <code>{command}</code>
            <Copy text={command} what="the command" />
          </li>
        ))}
      </ul>
    </section>
  );
}
