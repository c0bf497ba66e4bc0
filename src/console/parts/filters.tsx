import { useId } from 'preact/hooks';

/** Filters work while they are changed: there is nothing to send. */
export function stay(event: Event): void {
  event.preventDefault();
}

export interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  /** Value and word; the empty value stands for all. */
  readonly options: readonly (readonly [value: string, word: string])[];
  readonly change: (value: string) => void;
}

export function Choice({ label, value, options, change }: ChoiceProps) {
  const id = useId();
  return (
    <p class="filter">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      >
        {options.map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
    </p>
  );
}

export interface WordsProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

export function Words({ label, value, change }: WordsProps) {
  const id = useId();
  return (
    <p class="filter">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={value}
        autocomplete="off"
        spellcheck={false}
        onInput={({ currentTarget }) => {
          change(currentTarget.value.trim());
        }}
      />
    </p>
  );
}

/** A day in UTC, such as "2026-11-23"; empty where none is chosen. */
export function DayField({ label, value, change }: WordsProps) {
  const id = useId();
  return (
    <p class="filter">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="date"
        value={value}
        onInput={({ currentTarget }) => {
          change(currentTarget.value);
        }}
      />
    </p>
  );
}
