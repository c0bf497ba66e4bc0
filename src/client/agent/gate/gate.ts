import type { Log } from '../log.ts';
import { isHeld } from './gateRecord.ts';
import type { GateRecord } from './gateRecord.ts';
import { TARGET } from './target.ts';
import type { Target } from './target.ts';
import { describeEnd } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** So often the files may change while the target is started and stopped. */
const MAX_READINGS = 100;

/** One run of the gate: from what the files are worth to what the target does. */
export class Gate {
  readonly #target: Pick<Target, 'start' | 'stop'>;
  readonly #log: Log;
  #record: GateRecord;

  constructor(target: Pick<Target, 'start' | 'stop'>, record: GateRecord, log: Log) {
    this.#target = target;
    this.#record = record;
    this.#log = log;
  }

  /** What the next run has to know. */
  get record(): GateRecord {
    return this.#record;
  }

  /**
   * Acts on what two readings agree on, and reads again after it: files are replaced one after the other, and starting and
   * stopping takes time.
   *
   * @returns false where no two readings agreed in the end
   * @throws {SystemctlError}
   */
  async settle(read: () => Promise<Verdict>): Promise<boolean> {
    let last = await read();
    let acted: boolean | undefined;
    for (let count = 0; count < MAX_READINGS; count++) {
      const verdict = await read();
      const agree = verdict.isOpen === last.isOpen;
      last = verdict;
      if (!agree) continue;
      if (verdict.isOpen === acted) return true;
      this.#act(verdict);
      acted = verdict.isOpen;
    }
    return false;
  }

  #act(verdict: Verdict): void {
    const graceUntil = verdict.graceUntil ?? this.#record.graceUntil;
    this.#record = { ...this.#record, graceUntil };
    if (!isHeld(this.#record)) {
      if (verdict.isOpen) this.#start();
      else this.#stop(verdict.reason);
    } else if (graceUntil !== null && graceUntil <= Date.now()) this.#stop(describeEnd(graceUntil));
  }

  #start(): void {
    this.#record = { ...this.#record, reason: '' };
    if (this.#target.start()) this.#log('notice', `${TARGET} is started: this machine is licensed.`);
  }

  /** The same reason is told once. */
  #stop(reason: string): void {
    const isStopped = this.#target.stop();
    if (isStopped || reason !== this.#record.reason) this.#log('warning', `${TARGET} is stopped. ${reason}`);
    this.#record = { ...this.#record, reason };
  }
}
