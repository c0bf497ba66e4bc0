import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import { troubleOf } from '../data/problems.ts';
import type { Trouble } from '../data/problems.ts';
import { useData } from '../data/useData.ts';
import { SHELLS, writeCommand } from '../text/commandLine.ts';
import { Loading, TroubleNotice } from './notices.tsx';
import { Copy } from './text.tsx';

const MAX_REASON = 500;

export interface ChangeProps {
  readonly title: string;
  /** What it does to whom, in a sentence; what the trial answered completes it. */
  readonly describe: (report: EffectReportJson) => ComponentChildren;
  /** On the button. */
  readonly verb: string;
  /** Of the command that does the same, without the reason. */
  readonly command: readonly string[];
  /** Tells what the change would do, and changes nothing. */
  readonly attempt: (signal: AbortSignal) => Promise<EffectReportJson>;
  /** @param key the same for every repeat of this change */
  readonly apply: (given: { readonly reason: string; readonly key: string }) => Promise<void>;
  readonly close: () => void;
  /** Shown where somebody else has changed the same in the meantime. */
  readonly showVersions: () => ComponentChildren;
}

/** Tells what a change does before it asks, takes the reason, and shows the command that does the same. */
export function ChangeDialogue(props: ChangeProps) {
  const { title, describe, command, attempt, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [reason, setReason] = useState('');
  const report = useData(title, attempt);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={close}>
      <h2 id={heading}>{title}</h2>
      {report.trouble !== null && <TroubleNotice trouble={report.trouble} retry={report.reload} />}
      {report.value === null && report.trouble === null && <Loading />}
      {report.value !== null && (
        <>
          <p class="effect">{describe(report.value)}</p>
          <Reason value={reason} change={setReason} />
          <Command text={writeCommand(command, [{ name: 'reason', value: reason }])} />
          <Buttons {...props} reason={reason} />
        </>
      )}
      {report.value === null && (
        <button type="button" onClick={close}>
          Cancel
        </button>
      )}
    </dialog>
  );
}

function Reason({ value, change }: { readonly value: string; readonly change: (text: string) => void }) {
  const id = useId();
  return (
    <p>
      <label for={id}>Reason, for those who look at it later</label>
      <textarea
        id={id}
        rows={2}
        maxLength={MAX_REASON}
        value={value}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
    </p>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <div class="command">
      <p class="quiet">The same on the command line ({SHELLS}):</p>
      <code>{text}</code>
      <Copy text={text} what="the command" />
    </div>
  );
}

function Buttons({ verb, apply, close, reason, showVersions }: ChangeProps & { readonly reason: string }) {
  // Whoever repeats a change that got no answer must not make it twice.
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const run = () => {
    setBusy(true);
    setTrouble(null);
    apply({ reason, key }).then(close, (error: unknown) => {
      setTrouble(troubleOf(error));
      setBusy(false);
    });
  };
  if (trouble?.kind === 'changed') return <Versions close={close}>{showVersions()}</Versions>;
  return (
    <>
      {trouble !== null && <TroubleNotice trouble={trouble} retry={run} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class="primary danger" onClick={run} disabled={isBusy}>
          {verb}
        </button>
      </div>
    </>
  );
}

function Versions({ close, children }: { readonly close: () => void; readonly children: ComponentChildren }) {
  return (
    <section role="alert">
      <h3>Somebody has changed this in the meantime</h3>
      <p>Nothing was written. Look at what is different, then decide again.</p>
      {children}
      <div class="buttons">
        <button type="button" class="primary" onClick={close}>
          Show the new version
        </button>
      </div>
    </section>
  );
}
