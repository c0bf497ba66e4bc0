/** Why an area was not looked at, and what to do so that it is. */
export interface NotLookedAt {
  readonly notLookedAt: string;
}

export function isLookedAt<Seen extends object>(seen: Seen | NotLookedAt): seen is Exclude<Seen, NotLookedAt> {
  return !('notLookedAt' in seen);
}
