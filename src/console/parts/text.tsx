import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { shortenId } from '../text/ids.ts';
import { plainLines } from '../text/plain.ts';

/** What customers and VMs wrote, isolated from the direction of what stands around it. */
export function Plain({ text }: { readonly text: string }) {
  return <bdi>{plainLines(text).join(' ')}</bdi>;
}

/** `publisher/product/plan`, which goes on in the next line after a slash. */
export function OfferName({ name }: { readonly name: string }) {
  const parts = plainLines(name).join(' ').split('/');
  return (
    <bdi>
      {parts.map((part, index) => (
        <Fragment key={index}>
          {index > 0 && (
            <>
              /<wbr />
            </>
          )}
          {part}
        </Fragment>
      ))}
    </bdi>
  );
}

/** The same with its lines, for notes. */
export function Note({ text }: { readonly text: string }) {
  const lines = plainLines(text);
  return (
    <p class="note">
      {lines.map((line, index) => (
        <span key={index}>
          {index > 0 && <br />}
          <bdi>{line}</bdi>
        </span>
      ))}
    </p>
  );
}

/** Milliseconds that a button says that it has copied. */
const SAID = 2_000;

export interface CopyProps {
  readonly text: string;
  /** What it is, for people who do not see where the button stands. */
  readonly what: string;
}

export function Copy({ text, what }: CopyProps) {
  const [said, setSaid] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => {
      setSaid(null);
    }, SAID);
    return () => {
      clearTimeout(timer);
    };
  }, [said]);
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => {
        setSaid('copied');
      },
      () => {
        setSaid('failed');
      },
    );
  };
  return (
    <button type="button" class="copy" onClick={copy} title={`Copy ${what}`}>
      <span class="unseen">Copy {what}</span>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path d="M5 1h9v10h-2V3H5zM2 5h8v10H2zm2 2v6h4V7z" fill-rule="evenodd" />
      </svg>
      <span role="status">{said === null ? '' : said === 'copied' ? 'Copied' : 'Not copied'}</span>
    </button>
  );
}

export interface IdProps {
  readonly id: string;
  readonly what: string;
}

/** An id, shortened, with a button that copies all of it. */
export function Id({ id, what }: IdProps) {
  return (
    <span class="id">
      <code title={id}>{shortenId(id)}</code>
      <Copy text={id} what={what} />
    </span>
  );
}
