import type { OverviewJson } from '../../../contract/operators/overview.ts';
import { State } from '../icons.tsx';
import type { Standing } from '../icons.tsx';
import { Ago } from '../now.tsx';
import { Plain } from '../text.tsx';

type Readiness = OverviewJson['readiness'];

const STANDINGS: Readonly<Record<Readiness['state'], readonly [Standing, string]>> = {
  ok: ['good', 'Everything is ready'],
  degraded: ['warn', 'Ready, with something to look at'],
  failed: ['bad', 'Not ready: VMs get no licence'],
};

const PROBES: Readonly<Record<string, string>> = {
  store: 'Store',
  signingKey: 'Signing key',
  root: 'Root key',
  pins: 'Pins',
  challengeSecret: 'Challenges',
};

/** Whether the service has what it needs; what it lacks comes first, with its cure. */
export function ReadinessStrip({ readiness: { state, probedAt, probes } }: { readonly readiness: Readiness }) {
  const [is, words] = STANDINGS[state];
  const cures = probes.filter((probe) => probe.state !== 'ok');
  return (
    <section class={`panel readiness ${state}`} aria-labelledby="readiness">
      <div class="head">
        <h2 id="readiness">
          <State is={is} word={words} />
        </h2>
        <span class="quiet">
          looked at <Ago at={probedAt} />
        </span>
      </div>
      {cures.length > 0 && (
        <dl class="cures">
          {cures.map(({ name, state: found, detail }) => (
            <div key={name}>
              <dt>
                <State is={STANDINGS[found][0]} word={PROBES[name] ?? name} />
              </dt>
              <dd>
                <Plain text={detail} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <ul class="probes">
        {probes
          .filter((probe) => probe.state === 'ok')
          .map(({ name, detail }) => (
            <li key={name} title={detail}>
              <State is="good" word={PROBES[name] ?? name} />
            </li>
          ))}
      </ul>
    </section>
  );
}
