/** One fault: a text of the sources, which is there once, and what stands in its place. */
export interface SeatFault {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const fault = (name: string, file: string, find: string, replace: string): SeatFault => ({
  ...{ name, find, replace },
  file: `src/${file}`,
});

/** Faults in the code of seats, moves, releases and the ledger, as people make them. */
export const SEAT_FAULTS: readonly SeatFault[] = [
  fault(
    'a lease ends by this instance’s clock alone',
    'seats/lease.ts',
    'return at > leaseEnd + CLOCK_SKEW;',
    'return at > leaseEnd - CLOCK_SKEW;',
  ),
  fault(
    'a seat is kept for ever',
    'seats/lease.ts',
    "return seats === 'unlimited' || !hasLeaseEnded(activation.leaseEnd, at);",
    'return true;',
  ),
  fault(
    'a lease moves back',
    'seats/lease.ts',
    'return Math.max(leaseEnd, times.leaseEnd, times.expiresAt);',
    'return times.leaseEnd;',
  ),
  fault(
    'VMs without a counted seat count only to the end of their lease',
    'seats/lease.ts',
    'export const UNCOUNTED_MARGIN = 2 * CLOCK_SKEW + LATEST_WRITE;',
    'export const UNCOUNTED_MARGIN = -2 * CLOCK_SKEW;',
  ),
  fault(
    'a lowered number of seats is not regarded',
    'seats/seatBlocks.ts',
    '  return ceiling;\n}',
    '  return limit;\n}',
  ),
  fault(
    'the overage is one too many',
    'seats/takeSeat.ts',
    'Math.max(0, seats + overage - others)',
    'Math.max(0, seats + overage + 1 - others)',
  ),
  fault(
    'VMs without a counted seat are not counted',
    'seats/takeSeat.ts',
    'Math.max(0, seats + overage - others)',
    'Math.max(0, seats + overage + 0 * others)',
  ),
  fault(
    'a seat is taken over before its lease has ended',
    'seats/takeSeat.ts',
    'store.readEnded(entitlement.pool, at - CLOCK_SKEW, below)',
    'store.readEnded(entitlement.pool, at + 12 * 60 * CLOCK_SKEW, below)',
  ),
  fault(
    'a VM that is over looks for no lower seat',
    'seats/takeSeat.ts',
    'const lower = await findLowerSeat(store, attempt);',
    'const lower = null as Awaited<ReturnType<typeof findLowerSeat>>;',
  ),
  fault(
    'who had the seat keeps it',
    'seats/seatPlan.ts',
    'writes: [vacate(from), ...blockWrites(search.blocks, without)]',
    'writes: [...blockWrites(search.blocks, without)]',
  ),
  fault(
    'the seat that a VM leaves stays taken',
    'seats/seatPlan.ts',
    'return { seat, writes: blockWrites(blocks, withSeat(without, seat, true)) };',
    'return { seat, writes: blockWrites(blocks, withSeat(blocks, seat, true)) };',
  ),
  fault(
    'a seat is taken without its block',
    'seats/seatPlan.ts',
    'return { seat, writes: blockWrites(blocks, withSeat(without, seat, true)) };',
    'return { seat, writes: [] };',
  ),
  fault(
    'a challenge is good twice',
    'seats/issue.ts',
    'return challenge.ms === newest.ms && challenge.jti > newest.jti;',
    'return challenge.ms === newest.ms && challenge.jti >= newest.jti;',
  ),
  fault(
    'one change of key too many',
    'seats/issue.ts',
    'if (counting.length >= allowed)',
    'if (counting.length > allowed)',
  ),
  fault(
    'a change of key is forgotten with its licence’s end by this clock',
    'seats/issue.ts',
    'change.until + CLOCK_SKEW > use.at',
    'change.until - 60 * CLOCK_SKEW > use.at',
  ),
  fault(
    'a row is written whatever it has become',
    'seats/issue.ts',
    "const own: SeatWrite = { row: 'activation', activation, version: known?.version ?? null };",
    "const own: SeatWrite = { row: 'activation', activation, version: (await (store as { readActivation?: (p: SeatPool, v: string) => Promise<{ version: string } | null> }).readActivation?.(pool, next.vmId))?.version ?? null };",
  ),
  fault(
    'an old row is not marked before a move',
    'seats/moves.ts',
    'const next = { ...value, movedTo: poolName(pool) };',
    'const next = { ...value };',
  ),
  fault(
    'changes of key stay behind in a move',
    'seats/moves.ts',
    'counted: present?.counted ?? null,\n',
    'counted: present?.counted ?? null,\n    keyChanges: [],\n    keyUntil: 0,\n',
  ),
  fault(
    'the newest challenge stays behind in a move',
    'seats/moves.ts',
    'counted: present?.counted ?? null,\n',
    'counted: present?.counted ?? null,\n    challenge: null,\n',
  ),
  fault(
    'a block stays behind in a move',
    'seats/moves.ts',
    'blocked: newest.blocked || isBlockedBefore(present),',
    'blocked: isBlockedBefore(present),',
  ),
  fault(
    'every release frees the seat at once',
    'seats/release.ts',
    "const isFreed = earlyRelease && value.seat.kind !== 'none';",
    "const isFreed = value.seat.kind !== 'none';",
  ),
  fault(
    'an operator frees a seat, and its block keeps it',
    'seats/changeActivation.ts',
    'await store.writeSeats(pool, [own, ...planGivingBack(seat, blocks)])',
    'await store.writeSeats(pool, [own, ...planGivingBack(seat, blocks).slice(1)])',
  ),
  fault(
    'hours are counted past the end of a licence',
    'contract/dayHours.ts',
    'Math.min(HOURS_A_DAY, Math.ceil((until - start) / HOUR))',
    'Math.min(HOURS_A_DAY, 4 + Math.ceil((until - start) / HOUR))',
  ),
  fault(
    'the hours that a licence brought are not written',
    'seats/issue.ts',
    'await store.writeSeats(pool, [own, ...others, ...learned.together]);',
    'await store.writeSeats(pool, [own, ...others]);',
  ),
];
