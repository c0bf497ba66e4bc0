/** Seconds between two questions to the directory, whatever it answered: strangers choose what a token names. */
export const KEY_SET_PAUSE = 30;

/** The directory's keys cannot be had: no token can be judged, good or bad. */
export class OperatorKeySetError extends Error {
  override readonly name = 'OperatorKeySetError';
}
