export interface SwitchProps<T extends string> {
  /** What is chosen, for people who do not see where it stands. */
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, word: string])[];
  readonly change: (value: T) => void;
}

/** Two or three choices beside each other. */
export function Switch<T extends string>({ label, value, options, change }: SwitchProps<T>) {
  return (
    <span class="switch" role="group" aria-label={label}>
      {options.map(([option, word]) => (
        <button
          key={option}
          type="button"
          aria-pressed={option === value}
          onClick={() => {
            change(option);
          }}
        >
          {word}
        </button>
      ))}
    </span>
  );
}
