import type { SeatUsageJson } from '../../contract/operators/records.ts';
import { writeCommand } from '../text/commandLine.ts';

/** Whose terms, and of which offer. */
export interface OverridePlace {
  readonly offer: string;
  readonly cloud: string;
  readonly subscription: string;
}

/** What the console sets. */
export interface OverrideTerms {
  readonly status?: 'active';
  readonly seats?: SeatUsageJson['seats'];
  /** RFC 3339; null: no end. */
  readonly validUntil?: string | null;
}

/** The command that does the same. A bound that the offer did not have makes it ask, which was asked already. */
export function overrideCommand(
  { offer, cloud, subscription }: OverridePlace,
  { status, seats, validUntil }: OverrideTerms,
  reason: string,
): string {
  const words = ['offers', 'override', 'set', offer, `--subscription=${subscription}`, `--cloud=${cloud}`];
  const terms = [
    ...(status === undefined ? [] : [`--status=${status}`]),
    ...(seats === undefined ? [] : [`--seats=${seats}`]),
    ...(validUntil === undefined ? [] : [`--valid-until=${validUntil ?? 'none'}`]),
  ];
  return writeCommand([...words, ...terms, '--yes'], [{ name: 'reason', value: reason }]);
}
