/**
 * Which state the contract demands, from what is true in the simulated world. Written from the table of states alone; it
 * shares nothing with the library under test.
 */

/** When a licence is due and ends: NumericDates. */
export interface Terms {
  readonly renewAfter: number;
  readonly exp: number;
  readonly graceUntil: number;
}

export interface Truth {
  /**
   * The licence in hand: genuine, with its key beside it, of the VM that IMDS names; where IMDS does not answer, the newest.
   */
  readonly hand: Terms | undefined;
  /** A genuine denial is kept that no later licence has ended. */
  readonly isDenied: boolean;
  /** The time that counts lies between these, in milliseconds. */
  readonly time: { readonly earliest: number; readonly latest: number };
  readonly imds: 'answers' | 'away';
  readonly service: ServiceAct;
  /** The wall clock is past the end that a new licence would have. */
  readonly isPastNewLicence: boolean;
  /** There is a key set to verify with: one of an earlier answer, or one of the service's that has not ended by this clock. */
  readonly hasKeySet: boolean;
  /** `unwritable`: it is not there and cannot be created. */
  readonly key: 'usable' | 'unusable' | 'unwritable';
  readonly isWritable: boolean;
}

/** What the service would do if it is asked; `away`: anything but its own word. */
export type ServiceAct = 'issues' | 'denies' | 'refuses' | 'away';

export type State = 'licensed' | 'grace' | 'denied' | 'refused' | 'unreachable' | 'misconfigured' | 'not_in_azure';

/** One outcome that is right. */
export interface Demand {
  readonly state: State;
  /** Whether the answer has a code. */
  readonly hasCode: boolean;
  /** Whether the service has issued a licence and it was taken. */
  readonly isRenewed: boolean;
  /** Whether the service is asked at all. */
  readonly asksService: boolean;
}

/** All outcomes that are right: more than one only where the end of a licence is too near to tell. */
export function demandedOf(truth: Truth): readonly Demand[] {
  const { earliest, latest } = truth.time;
  const ends = endsOf(truth.hand).filter((end) => end > earliest && end <= latest);
  return [earliest, ...ends].flatMap((time) => demandedAt(truth, time));
}

function endsOf(hand: Terms | undefined): number[] {
  return hand === undefined ? [] : [hand.renewAfter, hand.exp, hand.graceUntil].map((seconds) => seconds * 1000);
}

type Standing = 'current' | 'due' | 'expired' | 'ended' | 'nothing';

function demandedAt(truth: Truth, time: number): readonly Demand[] {
  const standing = truth.isDenied ? 'nothing' : standingOf(truth.hand, time);
  if (truth.imds === 'away') return withoutImds(truth, standing);
  if (standing === 'current') return [{ state: 'licensed', hasCode: false, isRenewed: false, asksService: false }];
  if (truth.key !== 'usable') return [withoutNews(truth, standing, 'misconfigured', false)];
  const isVerifiable = truth.hasKeySet || truth.service === 'refuses';
  switch (isVerifiable ? truth.service : 'away') {
    case 'away':
      return [withoutNews(truth, standing, 'unreachable', true)];
    case 'refuses':
      return [withoutNews(truth, standing, 'refused', true)];
    case 'denies':
      return [{ state: 'denied', hasCode: true, isRenewed: false, asksService: true }];
    case 'issues':
      return [issued(truth, standing)];
  }
}

/** Which of two faults is told first is left open. */
function withoutImds(truth: Truth, standing: Standing): readonly Demand[] {
  const states = truth.key === 'usable' ? (['unreachable'] as const) : (['unreachable', 'misconfigured'] as const);
  return states.map((state) => withoutNews(truth, standing, state, false));
}

function issued(truth: Truth, standing: Standing): Demand {
  if (!truth.isPastNewLicence) {
    return { state: 'licensed', hasCode: !truth.isWritable, isRenewed: true, asksService: true };
  }
  return withoutNews(truth, standing, 'misconfigured', true);
}

function standingOf(hand: Terms | undefined, time: number): Standing {
  if (hand === undefined) return 'nothing';
  if (time < hand.renewAfter * 1000) return 'current';
  if (time < hand.exp * 1000) return 'due';
  return time < hand.graceUntil * 1000 ? 'expired' : 'ended';
}

/** The rules of grace; `own` is the state of the failure where no licence counts. */
function withoutNews({ isDenied }: Truth, standing: Standing, own: State, asksService: boolean): Demand {
  const rest = { hasCode: true, isRenewed: false, asksService };
  if (isDenied) return { state: 'denied', ...rest };
  if (standing === 'current' || standing === 'due') return { state: 'licensed', ...rest };
  return { state: standing === 'expired' ? 'grace' : own, ...rest };
}
