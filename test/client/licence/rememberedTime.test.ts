import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { advance, countingTime, isWorthWriting } from '../../../src/client/licence/rememberedTime.ts';
import type { RememberedTime } from '../../../src/client/licence/rememberedTime.ts';
import { NOW } from '../support/vectors.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const SKEW = 2 * MINUTE;
const END = NOW + 3650 * DAY;

/** What happens to a machine between two checks. */
type Event =
  | { readonly kind: 'run'; readonly for: number }
  /** Off, and on again with a new boot. */
  | { readonly kind: 'reboot'; readonly off: number };

/** A machine, the time that has truly passed, and what its client remembers. */
class Machine {
  passed = 0;
  off = 0;
  error = 0;
  uptime = 0;
  boot = 1;
  readonly #named: boolean;
  remembered: RememberedTime;

  constructor(named: boolean) {
    this.#named = named;
    this.remembered = { ...this.#reading(), time: NOW };
  }

  get truth(): number {
    return NOW + this.passed;
  }

  get counted(): number {
    return countingTime(this.remembered, this.#reading());
  }

  happen(event: Event): void {
    this.passed += event.kind === 'run' ? event.for : event.off;
    if (event.kind === 'run') this.uptime += event.for;
    else {
      this.off += event.off;
      this.uptime = 0;
      this.boot += 1;
    }
  }

  /** As a check does, which writes only now and then. */
  check(): void {
    const advanced = advance(this.remembered, this.#reading(), END);
    if (isWorthWriting(this.remembered, advanced)) this.remembered = advanced;
  }

  #reading() {
    const wall = this.truth + this.error;
    return { wall, uptime: this.uptime, bootId: this.#named ? `boot-${this.boot}` : null };
  }
}

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), for: fc.integer({ min: 0, max: 2 * DAY }) }),
  fc.record({ kind: fc.constant('reboot' as const), off: fc.integer({ min: 0, max: 2 * DAY }) }),
);
const history = fc.array(event, { maxLength: 8 });
const setting = fc.integer({ min: -3650 * DAY, max: 3650 * DAY });

function live(machine: Machine, events: readonly Event[]): void {
  for (const each of events) {
    machine.happen(each);
    machine.check();
  }
}

test('with a clock that is right, the time that counts is the time', () => {
  fc.assert(
    fc.property(history, fc.boolean(), (events, named) => {
      const machine = new Machine(named);
      live(machine, events);
      expect(machine.counted).toBe(machine.truth);
    }),
  );
});

test('a clock that is set once, and set right later, moves no end earlier', () => {
  fc.assert(
    fc.property(history, setting, history, history, (before, error, during, after) => {
      const machine = new Machine(true);
      live(machine, before);
      machine.error = error;
      machine.check();
      live(machine, during);
      machine.error = 0;
      machine.check();
      live(machine, after);
      expect(machine.counted - machine.truth).toBeLessThanOrEqual(2 * SKEW);
    }),
  );
});

test('a clock that is set once, in either direction, moves no end later by more than the machine was off since', () => {
  fc.assert(
    fc.property(history, setting, history, (before, error, after) => {
      const machine = new Machine(true);
      live(machine, before);
      const off = machine.off;
      machine.error = error;
      machine.check();
      live(machine, after);
      expect(machine.truth - machine.counted).toBeLessThanOrEqual(machine.off - off + 10 * MINUTE * (after.length + 2));
    }),
  );
});

test('a clock that stands still in the past is not a clock that stops: uptime counts', () => {
  const machine = new Machine(true);
  for (let day = 0; day < 30; day++) {
    machine.happen({ kind: 'run', for: DAY });
    machine.error -= DAY;
    machine.check();
  }
  expect(machine.counted).toBe(machine.truth);
});
