/** Of one licence. It stands by itself, because a start needs no schema of a licence. */
export const MAX_SUBSCRIPTIONS = 500;
