import { useState } from 'preact/hooks';
import type { LicenceJson } from '../../contract/operators/licence.ts';
import type { LicenceItemJson } from '../../contract/operators/records.ts';
import { ChangeDialogue } from '../parts/dialogue.tsx';
import { useNow } from '../parts/now.tsx';
import { Plain } from '../parts/text.tsx';
import { Versions } from '../parts/versions.tsx';
import { useSession } from '../session/context.ts';
import { EndField, SeatsField } from './fields.tsx';
import { planLicenceChange } from './licenceChange.ts';
import { licenceCommand, toMergePatch } from './licenceCommand.ts';
import type { LicenceAsk, LicenceAskKind } from './licenceChange.ts';
import { tryAndApply } from './tryAndApply.ts';

const WORDS: Readonly<Record<LicenceAskKind, readonly [title: string, verb: string]>> = {
  seats: ['Change the seats', 'Change the seats'],
  end: ['Change the end', 'Change the end'],
  start: ['Change the beginning', 'Change the beginning'],
  suspend: ['Suspend this licence?', 'Suspend'],
  resume: ['Resume this licence?', 'Resume'],
  revoke: ['Revoke this licence?', 'Revoke'],
  delete: ['Delete this licence?', 'Delete'],
  addSku: ['Cover this sku?', 'Cover the sku'],
  addVm: ['Cover this VM?', 'Cover the VM'],
  addSubscription: ['Add the subscription to this licence?', 'Add the subscription'],
};

export interface LicenceDialogueProps {
  /** As the page shows it. */
  readonly item: LicenceItemJson;
  /** What is asked for at first; fields may change it. */
  readonly ask: LicenceAsk;
  readonly close: () => void;
  /** @param said what was done, in a sentence */
  readonly finish: (said: string) => void;
}

/** Changes one licence, and starts over where somebody else was quicker. */
export function LicenceDialogue({ item, ask, ...rest }: LicenceDialogueProps) {
  const [current, setCurrent] = useState({ item, ask });
  return <OneTry key={current.item.etag} {...current} {...rest} restart={setCurrent} />;
}

interface OneTryProps extends LicenceDialogueProps {
  /** With what is there now, and what was asked for. */
  readonly restart: (from: Pick<LicenceDialogueProps, 'item' | 'ask'>) => void;
}

function OneTry({ item, ask: first, close, finish, restart }: OneTryProps) {
  const { api } = useSession();
  const now = useNow();
  const [ask, setAsk] = useState<LicenceAsk | null>(first);
  const { licence, etag } = item;
  const params = { id: licence.id };
  const change = planLicenceChange(licence, ask ?? first);
  const { patch, isEnding, describe, done } = change;
  const [endpoint, body] =
    patch === null ? (['deleteLicence', {}] as const) : (['patchLicence', { body: toMergePatch(patch) }] as const);
  const [title, button] = WORDS[first.kind];
  return (
    <ChangeDialogue
      title={title}
      verb={button}
      isEnding={isEnding}
      asked={ask === null ? null : JSON.stringify(ask)}
      describe={({ effect }) => describe(effect, now)}
      command={(reason) => licenceCommand(licence, change, reason)}
      {...(patch === null && { typed: licence.id })}
      {...tryAndApply(api, endpoint, { params, etag, ...body })}
      close={close}
      finish={() => {
        finish(done);
      }}
      showVersions={() => (
        <Versions
          read={licence}
          mine={patch === null ? null : { ...licence, ...patch }}
          readNow={(signal) => api.read('readLicence', { params, signal })}
          membersOf={(detail) => detail.licence}
          restart={(now) => {
            restart({ item: now, ask: ask ?? first });
          }}
          close={close}
        />
      )}
    >
      <AskFields licence={licence} ask={first} change={setAsk} />
    </ChangeDialogue>
  );
}

interface AskFieldsProps {
  readonly licence: LicenceJson;
  readonly ask: LicenceAsk;
  readonly change: (ask: LicenceAsk | null) => void;
}

/** The field of those changes that have one. */
function AskFields({ licence, ask, change }: AskFieldsProps) {
  if (ask.kind === 'seats') {
    return (
      <SeatsField
        value={ask.seats}
        change={(seats) => {
          change(seats === null ? null : { kind: 'seats', seats });
        }}
      />
    );
  }
  if (ask.kind === 'end') {
    return (
      <EndField
        label="End"
        none="No end"
        value={ask.validUntil}
        change={(validUntil) => {
          change(validUntil === undefined ? null : { kind: 'end', validUntil });
        }}
      />
    );
  }
  if (ask.kind === 'start') {
    return (
      <EndField
        label="Beginning"
        none="Valid at once"
        value={ask.validFrom}
        change={(validFrom) => {
          change(validFrom === undefined ? null : { kind: 'start', validFrom });
        }}
      />
    );
  }
  return (
    <p class="subject">
      <Plain text={licence.customer?.name ?? licence.id} />
    </p>
  );
}
