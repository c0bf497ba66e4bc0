import type { ComponentChildren } from 'preact';
import type { Trouble } from '../data/problems.ts';
import { useSession } from '../session/context.ts';
import { State } from './icons.tsx';
import { Id } from './text.tsx';

export interface NoticeProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

export function Notice({ title, children }: NoticeProps) {
  return (
    <section class="notice" role="alert">
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export interface TroubleProps {
  readonly trouble: Trouble;
  readonly retry: () => void;
}

/** What went wrong with a request, and what to do. */
export function TroubleNotice({ trouble, retry }: TroubleProps) {
  const { signInAgain } = useSession();
  const again = (
    <button type="button" onClick={retry}>
      Try again
    </button>
  );
  switch (trouble.kind) {
    case 'signed_out':
      return (
        <Notice title="Your sign-in has ended">
          <p>Sign in again. You come back to this page.</p>
          <button type="button" class="primary" onClick={signInAgain}>
            Sign in again
          </button>
        </Notice>
      );
    case 'forbidden':
      return (
        <Notice title="Your role does not allow this">
          <p>{trouble.detail} Ask the administrator of your directory for it, then sign in again.</p>
        </Notice>
      );
    case 'offline':
      return (
        <Notice title="The service does not answer">
          <p>Check your network. If other pages work, the service may be down.</p>
          {again}
        </Notice>
      );
    case 'changed':
      return (
        <Notice title="Somebody has changed this in the meantime">
          <p>Read it again before you change it.</p>
          {again}
        </Notice>
      );
    case 'missing':
      return (
        <Notice title="There is nothing here">
          <p>{trouble.detail}</p>
        </Notice>
      );
    case 'refused':
      return (
        <Notice title={trouble.title}>
          <p>{trouble.detail}</p>
          {trouble.correlationId !== null && (
            <p>
              Correlation id, for the log: <Id id={trouble.correlationId} what="the correlation id" />
            </p>
          )}
          {again}
        </Notice>
      );
  }
}

/** What was just done. It is there before, so that what reads aloud tells of it. */
export function Done({ said }: { readonly said: string }) {
  return (
    <p role="status" class="done">
      {said !== '' && <State is="good" word={said} />}
    </p>
  );
}

/** Stands where something is still being read. */
export function Loading() {
  return (
    <p class="loading" role="status">
      Loading …
    </p>
  );
}
