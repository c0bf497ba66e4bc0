import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from '../data/api.ts';
import { reachesAsFar } from './operator.ts';
import type { Operator, Role } from './operator.ts';

/** What every page has of the person who signed in. */
export interface SessionValue {
  readonly api: Api;
  readonly operator: Operator;
  readonly acceptedClouds: readonly string[];
  /** Goes to the directory, and comes back to the page that is shown. */
  readonly signInAgain: () => void;
  readonly signOut: () => void;
}

export const SessionContext = createContext<SessionValue | null>(null);

export function useSession(): SessionValue {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('Nobody is signed in around this.');
  return session;
}

/** Whether to show what the role lets somebody do. */
export function useMay(role: Role): boolean {
  return reachesAsFar(useSession().operator.role, role);
}
