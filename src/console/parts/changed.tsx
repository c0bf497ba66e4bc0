import type { EffectReportJson } from '../../contract/operators/records.ts';
import { describeValue, findDifferences, titleOf } from '../text/members.ts';

/** What a trial answers, as far as a dialogue tells it. */
export type Trial = Pick<EffectReportJson, 'old' | 'new' | 'effect' | 'removes'>;

/** What a change would change: each member, old → new. Nothing of what would be created or deleted. */
export function Changed({ report: { old, new: changed, removes = [] } }: { readonly report: Trial }) {
  if (old === null || changed === null) return null;
  const names = findDifferences(old, changed);
  if (names.length === 0) return <p class="quiet">Nothing is different from what is there now.</p>;
  return (
    <>
      <ul class="changed">
        {names.map((name) => (
          <li key={name}>
            {titleOf(name)}: <bdi>{describeValue(old[name])}</bdi> <span aria-label="becomes">→</span>{' '}
            <strong>
              <bdi>{describeValue(changed[name])}</bdi>
            </strong>
          </li>
        ))}
      </ul>
      {removes.length > 0 && (
        <p class="quiet">Back to their defaults: {removes.map((name) => titleOf(name)).join(', ')}.</p>
      )}
    </>
  );
}
