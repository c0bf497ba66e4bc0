import { useState } from 'preact/hooks';
import type { EffectReportJson, OfferItemJson } from '../../contract/operators/records.ts';
import { applyOffer, paramsOf } from '../changes/offerChange.ts';
import { tellSeated } from '../changes/effect.ts';
import { Touched } from '../changes/touched.tsx';
import { useData } from '../data/useData.ts';
import { useSettled } from '../data/useSettled.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { TroubleNotice } from '../parts/notices.tsx';
import { Versions } from '../parts/versions.tsx';
import { useSession } from '../session/context.ts';
import { findDifferences } from '../text/members.ts';
import { NEW_OFFER, draftOffer, readDraft, rebaseDraft } from './offerDraft.ts';
import type { OfferDraft } from './offerDraft.ts';
import { OfferForm } from './offerForm.tsx';

export interface OfferEditorProps {
  /** As it is; null for a new one. */
  readonly item: OfferItemJson | null;
  /** Of a new one, as far as it is known. */
  readonly name: string;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (name: string, said: string) => void;
}

/** What the service says of the draft, while it is typed. */
function useJudgement(draft: OfferDraft, etag: string | undefined) {
  const { api } = useSession();
  const { offer, problems: own } = readDraft(draft);
  const asked = JSON.stringify(offer);
  const settled = useSettled(asked);
  const name = draft.offer.trim();
  const write = { params: paramsOf(name), body: offer, ...(etag !== undefined && { etag }) };
  const attempt = async (signal: AbortSignal) =>
    (await api.write('putOffer', { ...write, query: { dryRun: 'true' }, signal })) as EffectReportJson;
  const hasName = /^[^/]+\/[^/]+\/[^/]+$/.test(name);
  const trial = useData(settled, (signal) => (hasName ? attempt(signal) : Promise.resolve(null)));
  const told = trial.trouble?.kind === 'refused' ? trial.trouble.errors : [];
  const isReady = settled === asked && trial.value !== null && own.length === 0 && isDifferent(trial.value);
  return { offer, asked, write, attempt, trial, isReady, problems: [...own, ...told], isPlaced: told.length > 0 };
}

/** Writes an offer: the service judges every version of it while it is typed, and nothing is written before it is asked. */
export function OfferEditor({ item: first, name, close, finish }: OfferEditorProps) {
  const [item, setItem] = useState(first);
  const before = item === null ? { ...NEW_OFFER, offer: name } : draftOffer(item.offer);
  const [draft, setDraft] = useState<OfferDraft>(before);
  const [isAsking, setAsking] = useState(false);
  const judged = useJudgement(draft, item?.etag);
  const { trial, isReady, problems, isPlaced } = judged;
  return (
    <>
      <form
        class="editor"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) setAsking(true);
        }}
      >
        <OfferForm
          draft={draft}
          isNew={item === null}
          problems={problems}
          change={(change) => {
            setDraft({ ...draft, ...change });
          }}
        />
        {trial.trouble !== null && !isPlaced && <TroubleNotice trouble={trial.trouble} retry={trial.reload} />}
        <div class="buttons">
          <p role="status" class={problems.length > 0 ? 'bad' : 'quiet'}>
            {describeStanding(problems.length, trial.value)}
          </p>
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={!isReady}>
            {item === null ? 'Create the offer …' : 'Review the change …'}
          </button>
        </div>
      </form>
      {isAsking && (
        <OfferQuestion
          {...{ item, judged }}
          close={() => {
            setAsking(false);
          }}
          finish={(said) => {
            finish(draft.offer.trim(), said);
          }}
          restart={(now) => {
            setDraft(rebaseDraft(draft, before, draftOffer(now.offer)));
            setItem(now);
            setAsking(false);
          }}
        />
      )}
    </>
  );
}

interface OfferQuestionProps {
  readonly item: OfferItemJson | null;
  readonly judged: ReturnType<typeof useJudgement>;
  readonly close: () => void;
  readonly finish: (said: string) => void;
  readonly restart: (now: OfferItemJson) => void;
}

function OfferQuestion({ item, judged, close, finish, restart }: OfferQuestionProps) {
  const { api } = useSession();
  const { offer, asked, write, attempt } = judged;
  const isNew = item === null;
  return (
    <ChangeDialogue
      title={isNew ? 'Create this offer?' : 'Change this offer?'}
      verb={isNew ? 'Create the offer' : 'Change the offer'}
      isEnding={false}
      asked={asked}
      {...(!isNew && { typed: item.offer.offer })}
      describe={({ effect }) =>
        isNew ? (
          'VMs of the plan are judged by it from then on.'
        ) : (
          <>
            {tellSeated(effect)} They have the new terms from their next renewal on.{' '}
            <Touched licences={effect.licences} />
          </>
        )
      }
      command={(reason) => applyOffer(offer, reason)}
      attempt={attempt}
      apply={async ({ reason, key }) => {
        await api.write('putOffer', { ...write, key, query: { reason } });
      }}
      close={close}
      finish={() => {
        finish(isNew ? 'The offer is created.' : 'The offer is changed.');
      }}
      showVersions={() => (
        <Versions
          read={item?.offer ?? {}}
          mine={offer}
          readNow={(signal) => api.read('readOffer', { params: write.params, signal })}
          membersOf={(now) => now.offer}
          restart={restart}
          close={close}
        />
      )}
    />
  );
}

function isDifferent({ old, new: changed }: EffectReportJson): boolean {
  return old === null || changed === null || findDifferences(old, changed).length > 0;
}

function describeStanding(problems: number, report: EffectReportJson | null): string {
  if (problems > 0) return problems === 1 ? '1 problem: see its field.' : `${problems} problems: see their fields.`;
  if (report === null) return '';
  return isDifferent(report) ? 'The service takes it so.' : 'Nothing is different yet.';
}
