import { useId } from 'preact/hooks';
import { OFFER_HELP } from '../../contract/offerHelp.ts';
import type { OfferMember } from '../../contract/offerHelp.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import { Plain } from '../parts/text.tsx';
import { titleOf } from '../text/members.ts';
import { describeDuration } from '../text/time.ts';
import type { OfferDraft } from './offerDraft.ts';

/** How a member is typed. */
type Control =
  | { readonly as: 'line' | 'lines' | 'duration' | 'json' | 'tick' | 'trial' }
  | { readonly as: 'choice'; readonly of: readonly string[] };

const LINE = { as: 'line' } as const;
const LINES = { as: 'lines' } as const;
const DURATION = { as: 'duration' } as const;
const TICK = { as: 'tick' } as const;
const choice = (...of: readonly string[]) => ({ as: 'choice', of }) as const;

/** Exhaustive by type: a new member does not compile without a field. */
const CONTROLS: Readonly<Record<OfferMember, Control>> = {
  ...{ offer: LINE, mode: choice('licensed', 'marketplace'), status: choice('active', 'suspended') },
  ...{ productAliases: LINES, clouds: LINES, skus: LINES, seats: LINE, overage: LINE, trial: { as: 'trial' } },
  ...{ lifetime: DURATION, renewAfter: DURATION, grace: DURATION, lease: DURATION, offlineLifetime: DURATION },
  ...{ requireKey: TICK, keyChanges: LINE, withoutPlan: TICK, onForeignPlan: choice('refuse', 'none') },
  ...{ earlyRelease: TICK, offline: TICK, features: { as: 'json' } },
};

type Group = readonly [title: string, members: readonly OfferMember[]];

/** Only those members are asked for that the mode has. */
function groupsOf({ mode }: OfferDraft, isNew: boolean): readonly Group[] {
  const isLicensed = mode === 'licensed';
  return [
    ['What is sold', [...(isNew ? (['offer'] as const) : []), 'mode', 'status', 'productAliases', 'clouds', 'skus']],
    ['How many', isLicensed ? ['trial'] : ['seats', 'overage']],
    ['Times', ['lifetime', 'renewAfter', 'grace', 'lease', 'offlineLifetime']],
    ['Keys', ['requireKey', 'keyChanges']],
    ['Rules', [...(isLicensed ? (['withoutPlan', 'onForeignPlan'] as const) : []), 'earlyRelease', 'offline']],
    ['For your software', ['features']],
  ];
}

export interface OfferFormProps {
  readonly draft: OfferDraft;
  readonly isNew: boolean;
  readonly problems: readonly FieldProblem[];
  readonly change: (change: Partial<OfferDraft>) => void;
}

/** All members of an offer, each with what it means and what is wrong with it. */
export function OfferForm({ draft, isNew, problems, change }: OfferFormProps) {
  return (
    <>
      {groupsOf(draft, isNew).map(([title, members]) => (
        <fieldset key={title} class="group">
          <legend>{title}</legend>
          <div class="members">
            {members.map((member) => (
              <Member
                key={member}
                {...{ member, draft, change }}
                problems={problems.filter(({ field }) => /^\w*/.exec(field)?.[0] === member)}
              />
            ))}
          </div>
        </fieldset>
      ))}
    </>
  );
}

interface MemberProps extends Omit<OfferFormProps, 'isNew'> {
  readonly member: OfferMember;
}

function Member(props: MemberProps) {
  const { member, draft, problems } = props;
  const id = useId();
  const { as } = CONTROLS[member];
  return (
    <div class={`field as-${as}`}>
      <Input {...props} id={id} />
      {problems.map(({ message }) => (
        <p key={message} class="problem bad" id={`${id}-problem`}>
          <Plain text={`${titleOf(member)} ${message}.`} />
        </p>
      ))}
      <p class="help quiet" id={`${id}-help`}>
        {OFFER_HELP[member]}
        {as === 'lines' && ' One a line.'}
        {as === 'duration' && ` ${describeTyped(draft[member])}`}
      </p>
    </div>
  );
}

/** What the duration is in words, or how to write one. */
function describeTyped(text: string): string {
  const words = describeDuration(text.trim());
  return words === text.trim() || text === '' ? 'Such as PT12H or P7D.' : `Now ${words}.`;
}

function Input(props: MemberProps & { readonly id: string }) {
  const { id, member, draft, problems, change } = props;
  const control = CONTROLS[member];
  const value = draft[member];
  const shared = {
    id,
    'aria-describedby': `${id}-help${problems.length > 0 ? ` ${id}-problem` : ''}`,
    'aria-invalid': problems.length > 0,
  };
  const type = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
    change({ [member]: currentTarget.value });
  };
  const label = <label for={id}>{titleOf(member)}</label>;
  switch (control.as) {
    case 'tick':
      return (
        <label class="tick">
          <input
            {...shared}
            type="checkbox"
            checked={value === 'true'}
            onChange={({ currentTarget }) => {
              change({ [member]: String(currentTarget.checked) });
            }}
          />{' '}
          {titleOf(member)}
        </label>
      );
    case 'choice':
      return (
        <>
          {label}
          <select {...shared} value={value} onChange={type}>
            {control.of.map((word) => (
              <option key={word}>{word}</option>
            ))}
          </select>
        </>
      );
    case 'lines':
    case 'json':
      return (
        <>
          {label}
          <textarea {...shared} rows={control.as === 'json' ? 4 : 2} spellcheck={false} value={value} onInput={type} />
        </>
      );
    case 'trial':
      return <TrialInput {...props} shared={shared} />;
    case 'line':
    case 'duration':
      return (
        <>
          {label}
          <input {...shared} type="text" autocomplete="off" spellcheck={false} value={value} onInput={type} />
        </>
      );
  }
}

interface TrialInputProps extends MemberProps {
  readonly shared: { readonly id: string };
}

function TrialInput({ draft, change, shared }: TrialInputProps) {
  const seats = `${shared.id}-seats`;
  return (
    <div class="pair">
      <p>
        <label for={shared.id}>Trial, in days</label>
        <input
          {...shared}
          type="text"
          inputMode="numeric"
          autocomplete="off"
          value={draft.trial}
          onInput={({ currentTarget }) => {
            change({ trial: currentTarget.value });
          }}
        />
      </p>
      <p>
        <label for={seats}>Seats of the trial</label>
        <input
          id={seats}
          type="text"
          autocomplete="off"
          value={draft.trialSeats}
          onInput={({ currentTarget }) => {
            change({ trialSeats: currentTarget.value });
          }}
        />
      </p>
    </div>
  );
}
