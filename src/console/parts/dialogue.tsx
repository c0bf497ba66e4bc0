import { Fragment } from 'preact';
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { troubleOf } from '../data/problems.ts';
import type { Trouble } from '../data/problems.ts';
import { useData } from '../data/useData.ts';
import type { Data } from '../data/useData.ts';
import { useSettled } from '../data/useSettled.ts';
import { SHELLS } from '../text/commandLine.ts';
import { findDifferences } from '../text/members.ts';
import { Changed } from './changed.tsx';
import type { Trial } from './changed.tsx';
import { Loading, TroubleNotice } from './notices.tsx';
import { Copy, Plain } from './text.tsx';

const MAX_REASON = 500;

export interface ChangeProps {
  readonly title: string;
  /** On the button. */
  readonly verb: string;
  /** Whether it takes something from somebody, or cannot be undone: the button is told apart. */
  readonly isEnding: boolean;
  /** What is asked for, as text: another text is another change. null while the fields do not say it yet. */
  readonly asked: string | null;
  /** Fields, where there are any. */
  readonly children?: ComponentChildren;
  /** What it does to whom, in sentences. */
  readonly describe: (report: Trial) => ComponentChildren;
  /** The command that does the same. */
  readonly command: (reason: string) => string;
  /** What must be typed, so that nobody does it by mistake. */
  readonly typed?: string;
  /** Tells what the change would do, and changes nothing. */
  readonly attempt: (signal: AbortSignal) => Promise<Trial>;
  /** @param key the same for every repeat of this change */
  readonly apply: (given: { readonly reason: string; readonly key: string }) => Promise<void>;
  readonly close: () => void;
  /** It is written. */
  readonly finish: () => void;
  /** Shown where somebody else has changed the same in the meantime. */
  readonly showVersions: () => ComponentChildren;
}

/** Tells what a change does before it asks, takes the reason, and shows the command that does the same. */
export function ChangeDialogue(props: ChangeProps) {
  const { title, asked, attempt, close, children, showVersions } = props;
  const settled = useSettled(asked);
  const report = useData(settled ?? '', (signal) => (settled === null ? Promise.resolve(null) : attempt(signal)));
  const [isStale, setStale] = useState(false);
  const isOther = isStale || report.trouble?.kind === 'changed';
  return (
    <Dialogue title={title} close={close}>
      {isOther ? (
        showVersions()
      ) : (
        <>
          {children}
          <Question
            {...props}
            report={settled === asked && asked !== null ? report : WAITING}
            tellStale={() => {
              setStale(true);
            }}
          />
        </>
      )}
    </Dialogue>
  );
}

const WAITING: Data<null> = { value: null, trouble: null, isLoading: true, reload: () => undefined };

export interface DialogueProps {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** Takes the keyboard while it is open, and gives it back to where it was. */
export function Dialogue({ title, close, children }: DialogueProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isLeaving = useRef(false);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      isLeaving.current = true;
      element?.close();
      // What had the keyboard may be gone with what was changed.
      if (document.activeElement === document.body) document.querySelector<HTMLElement>('#page')?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={heading}
      onClose={() => {
        if (!isLeaving.current) close();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}

interface QuestionProps extends ChangeProps {
  readonly report: Data<Trial | null>;
  readonly tellStale: () => void;
}

function Question(props: QuestionProps) {
  const { report, describe, command, asked, typed, close } = props;
  const [reason, setReason] = useState('');
  const [name, setName] = useState('');
  return (
    <>
      <div class="effect" aria-live="polite">
        {asked !== null && <Told report={report} describe={describe} />}
      </div>
      <Reason value={reason} change={setReason} />
      {typed !== undefined && <TypedName name={typed} value={name} change={setName} />}
      {asked !== null && <Command text={command(reason)} />}
      <Buttons
        {...props}
        key={asked}
        close={close}
        reason={reason}
        isReady={hasChange(report.value) && (typed === undefined || typed === name.trim())}
      />
    </>
  );
}

/** What is there already needs no writing. */
function hasChange(report: Trial | null): boolean {
  if (report === null) return false;
  const { old, new: changed } = report;
  return old === null || changed === null || findDifferences(old, changed).length > 0;
}

function Told({ report, describe }: Pick<QuestionProps, 'report' | 'describe'>) {
  const { value, trouble, reload } = report;
  if (trouble !== null) return <TroubleNotice trouble={trouble} retry={reload} />;
  if (value === null) return <Loading />;
  return (
    <>
      <p>{describe(value)}</p>
      <Changed report={value} />
    </>
  );
}

interface TextProps {
  readonly value: string;
  readonly change: (text: string) => void;
}

function Reason({ value, change }: TextProps) {
  const id = useId();
  return (
    <p class="field">
      <label for={id}>
        Reason <span class="quiet">for those who look at it later</span>
      </label>
      <textarea
        id={id}
        rows={3}
        maxLength={MAX_REASON}
        value={value}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
    </p>
  );
}

function TypedName({ name, value, change }: TextProps & { readonly name: string }) {
  const id = useId();
  return (
    <p class="field">
      <label for={id}>
        Type{' '}
        <code>
          <Plain text={name} />
        </code>{' '}
        to confirm
      </label>
      <input
        id={id}
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
    </p>
  );
}

export function Command({ text }: { readonly text: string }) {
  return (
    <div class="command">
      <p class="quiet">
        The same on the command line ({SHELLS}) <Copy text={text} what="the command" />
      </p>
      <code>
        {text.split(' ').map((word, index) => (
          // Options do not break at their dashes.
          <Fragment key={index}>
            {index > 0 && ' '}
            <span>{word}</span>
          </Fragment>
        ))}
      </code>
    </div>
  );
}

interface ButtonsProps extends Pick<QuestionProps, 'verb' | 'isEnding' | 'apply' | 'close' | 'finish' | 'tellStale'> {
  readonly reason: string;
  readonly isReady: boolean;
}

function Buttons({ verb, isEnding, apply, close, finish, tellStale, reason, isReady }: ButtonsProps) {
  // Whoever repeats a change that got no answer must not make it twice.
  const [key] = useState(() => crypto.randomUUID());
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const run = () => {
    setBusy(true);
    setTrouble(null);
    apply({ reason, key }).then(finish, (error: unknown) => {
      const found = troubleOf(error);
      if (found.kind === 'changed') tellStale();
      else {
        setTrouble(found);
        setBusy(false);
      }
    });
  };
  return (
    <>
      {trouble !== null && <TroubleNotice trouble={trouble} retry={run} />}
      <div class="buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class={`primary${isEnding ? ' danger' : ''}`} onClick={run} disabled={isBusy || !isReady}>
          {verb}
        </button>
      </div>
    </>
  );
}
