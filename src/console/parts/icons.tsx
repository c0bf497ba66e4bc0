/** How something stands. Each has a shape of its own: colour alone tells nobody anything. */
export type Standing = 'good' | 'warn' | 'bad' | 'idle';

const SHAPES: Readonly<Record<Standing, string>> = {
  // A disc with a tick, a triangle, an octagon with a bar, a ring.
  good: 'M8 1a7 7 0 100 14A7 7 0 008 1zm3.9 4.9L7.3 11 4.2 8l1.1-1.1 1.9 1.9 3.5-4z',
  warn: 'M8 1.2L.6 14.5h14.8zM7.1 6h1.8v4.3H7.1zm0 5.4h1.8V13H7.1z',
  bad: 'M5 1h6l4 4v6l-4 4H5l-4-4V5zM4 7v2h8V7z',
  idle: 'M8 1a7 7 0 100 14A7 7 0 008 1zm0 2a5 5 0 110 10A5 5 0 018 3z',
};

export interface StateProps {
  readonly is: Standing;
  /** The word for it. */
  readonly word: string;
}

/** A state by shape, colour and word. */
export function State({ is, word }: StateProps) {
  return (
    <span class={`state ${is}`}>
      <Icon is={is} />
      {word}
    </span>
  );
}

/** The shape alone, where words stand beside it. */
export function Icon({ is }: Pick<StateProps, 'is'>) {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path fill-rule="evenodd" d={SHAPES[is]} />
    </svg>
  );
}
