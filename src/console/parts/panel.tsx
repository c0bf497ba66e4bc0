import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface PanelProps {
  readonly title: string;
  /** Stands at the end of the heading's line. */
  readonly action?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a page in a frame of its own. */
export function Panel({ title, action, children }: PanelProps) {
  const heading = useId();
  return (
    <section class="panel" aria-labelledby={heading}>
      <div class="head">
        <h2 id={heading}>{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}
