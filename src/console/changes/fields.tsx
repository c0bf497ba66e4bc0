import { useId, useState } from 'preact/hooks';
import type { LicenceJson } from '../../contract/operators/licence.ts';

const MAX_SEATS = 1_000_000;

export interface SeatsFieldProps {
  readonly label?: string;
  readonly value: LicenceJson['seats'];
  /** null where it is no number of seats. */
  readonly change: (seats: LicenceJson['seats'] | null) => void;
}

/** A number of seats, or unlimited. */
export function SeatsField({ label = 'Seats', value, change }: SeatsFieldProps) {
  const id = useId();
  const [text, setText] = useState(value === 'unlimited' ? '' : String(value));
  const [isUnlimited, setUnlimited] = useState(value === 'unlimited');
  const tell = (number: string, unlimited: boolean) => {
    setText(number);
    setUnlimited(unlimited);
    change(unlimited ? 'unlimited' : parseSeats(number));
  };
  return (
    <div class="field row">
      <p>
        <label for={id}>{label}</label>
        <input
          id={id}
          type="number"
          min={0}
          max={MAX_SEATS}
          step={1}
          inputMode="numeric"
          value={text}
          disabled={isUnlimited}
          onInput={({ currentTarget }) => {
            tell(currentTarget.value, false);
          }}
        />
      </p>
      <Tick
        label="Unlimited"
        isOn={isUnlimited}
        change={(isOn) => {
          tell(text, isOn);
        }}
      />
    </div>
  );
}

function parseSeats(text: string): number | null {
  const number = Number(text);
  return /^\d+$/.test(text) && number <= MAX_SEATS ? number : null;
}

export interface EndFieldProps {
  readonly label: string;
  /** On the box that takes the bound away. */
  readonly none: string;
  /** RFC 3339. */
  readonly value: string | null;
  /** undefined where it is no time. */
  readonly change: (time: string | null | undefined) => void;
}

/** A time by the minute in UTC, or none. */
export function EndField({ label, none, value, change }: EndFieldProps) {
  const id = useId();
  const [text, setText] = useState(value === null ? '' : value.slice(0, 'YYYY-MM-DDTHH:MM'.length));
  const [isNone, setNone] = useState(value === null);
  const tell = (time: string, withoutBound: boolean) => {
    setText(time);
    setNone(withoutBound);
    change(withoutBound ? null : time === '' ? undefined : `${time.slice(0, 'YYYY-MM-DDTHH:MM'.length)}:00Z`);
  };
  return (
    <div class="field row">
      <p>
        <label for={id}>
          {label} <span class="quiet">in UTC</span>
        </label>
        <input
          id={id}
          type="datetime-local"
          max="9999-12-31T23:59"
          value={text}
          disabled={isNone}
          onInput={({ currentTarget }) => {
            tell(currentTarget.value, false);
          }}
        />
      </p>
      <Tick
        label={none}
        isOn={isNone}
        change={(isOn) => {
          tell(text, isOn);
        }}
      />
    </div>
  );
}

export interface TextFieldProps {
  readonly label: string;
  readonly help?: string;
  readonly value: string;
  readonly change: (text: string) => void;
}

export function TextField({ label, help, value, change }: TextFieldProps) {
  const id = useId();
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={value}
        {...(help !== undefined && { 'aria-describedby': `${id}-help` })}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
      {help !== undefined && (
        <span class="help quiet" id={`${id}-help`}>
          {help}
        </span>
      )}
    </p>
  );
}

export interface TickProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly change: (isOn: boolean) => void;
}

export function Tick({ label, isOn, change }: TickProps) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={isOn}
        onChange={({ currentTarget }) => {
          change(currentTarget.checked);
        }}
      />{' '}
      {label}
    </label>
  );
}
