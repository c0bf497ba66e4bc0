import { useCallback } from 'preact/hooks';
import type { DecisionJson } from '../../contract/operators/decision.ts';
import { usePages } from '../data/usePages.ts';
import { Link } from '../routing/navigation.tsx';
import { useSession } from '../session/context.ts';
import { isGrant } from '../text/codes.ts';
import { Icon } from './icons.tsx';
import type { Standing } from './icons.tsx';
import { Listed } from './loaded.tsx';
import { Ago } from './now.tsx';
import { Plain } from './text.tsx';

export interface TimelineProps {
  readonly cloud: string;
  readonly vmId: string;
}

/** First issues, changes of key and refusals of one VM, the newest first. */
export function Timeline({ cloud, vmId }: TimelineProps) {
  const { api } = useSession();
  const read = useCallback(
    (continuation?: string, signal?: AbortSignal) => {
      const query = { vm: vmId, cloud, limit: '25', continuation };
      return api.read('readTimeline', { query, ...(signal && { signal }) });
    },
    [api, cloud, vmId],
  );
  return (
    <Listed list={usePages(`timeline ${cloud} ${vmId}`, read)} empty="Nothing was decided about this VM yet.">
      {(items) => (
        <ol class="timeline">
          {items.map((decision) => (
            <Event key={decision.id} decision={decision} />
          ))}
        </ol>
      )}
    </Listed>
  );
}

const WORDS: Partial<Record<DecisionJson['code'], string>> = {
  licence_issued: 'First licence issued',
  key_changed_accepted: 'Came with another key',
  seat_released: 'Gave its seat back',
  trial_started: 'Began a trial',
  subscription_claimed: 'Brought a claim code',
};

function standingOf(code: DecisionJson['code']): Standing {
  if (!isGrant(code)) return 'bad';
  if (code === 'key_changed_accepted') return 'warn';
  return code === 'seat_released' ? 'idle' : 'good';
}

function Event({ decision: { id, code, at, licence, checks } }: { readonly decision: DecisionJson }) {
  const is = standingOf(code);
  const failed = checks.find(({ outcome }) => outcome === 'failed')?.detail;
  return (
    <li>
      <span class={`dot ${is}`}>
        <Icon is={is} />
      </span>
      <p>
        <Link to={{ page: 'decisions', id }}>{WORDS[code] ?? `Refused: ${code}`}</Link>{' '}
        <span class="quiet">
          <Ago at={at} />
          {licence !== null && (
            <>
              {' · '}
              <Plain text={licence} />
            </>
          )}
        </span>
        {failed !== undefined && (
          <span class="beneath">
            <Plain text={failed} />
          </span>
        )}
      </p>
    </li>
  );
}
