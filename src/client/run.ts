import type { Clocks } from './adapters.ts';
import type { HeldLock } from './folder/lock.ts';
import type { EarlyRequest } from './imds/earlyRequest.ts';
import type { Pace } from './imds/pace.ts';
import type { LicenceClaims } from './licence/licenceClaims.ts';
import type { ClockReading } from './licence/rememberedTime.ts';
import type { ReportProgress } from './progress.ts';
import type { Session } from './session.ts';

/** A wait is cut into pieces of this length, in milliseconds, so that the lock is renewed in time. */
const SLICE = 15_000;

export interface RunRequest {
  /** Renews a licence that is not due. */
  readonly renew?: boolean;
  /** Milliseconds since the epoch: when a licence is to be renewed, where that is not its `renewAfter`. */
  readonly dueAt?: (claims: LicenceClaims) => number;
  /** False: nothing is asked of the service twice, because the caller comes back by a rhythm of its own. */
  readonly patientWithService?: boolean;
  /** Ends the check early. */
  readonly signal?: AbortSignal;
}

/** Thrown out of a check whose caller does not wait for it any longer. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** One check: its time, its lock, and what it was asked for. */
export class Run {
  readonly session: Session;
  readonly request: RunRequest;
  readonly startedAt: number;
  lock: HeldLock | undefined;
  /** Of the requests to IMDS; there when the folder has been looked at. */
  pace: Pace | undefined;
  /** Of IMDS, where its first answer was asked for before the folder was verified. */
  early: EarlyRequest | undefined;
  /** Why there is no lock: the system's code. */
  lockFault = 'EACCES';
  #patience: number;

  constructor(session: Session, request: RunRequest) {
    this.session = session;
    this.request = request;
    this.startedAt = session.settings.adapters.clocks.monotonic();
    this.#patience = session.settings.patience;
  }

  get clocks(): Clocks {
    return this.session.settings.adapters.clocks;
  }

  get report(): ReportProgress {
    return this.session.settings.report;
  }

  /** Milliseconds since the check began. */
  get elapsed(): number {
    return this.clocks.monotonic() - this.startedAt;
  }

  /** Milliseconds until nothing is tried again; none where everything is tried once. */
  get timeLeft(): number {
    return this.session.settings.once ? 0 : this.#patience - this.elapsed;
  }

  /** Sets the longest wait for a newer licence. */
  limitPatience(milliseconds: number): void {
    this.#patience = Math.min(this.session.settings.patience, milliseconds);
  }

  restorePatience(): void {
    this.#patience = this.session.settings.patience;
  }

  /** How long one request may take: within the patience, but at least a second. */
  requestTime(most: number): number {
    return this.session.settings.once ? most : Math.min(most, Math.max(this.timeLeft, 1000));
  }

  readClocks(): ClockReading {
    const { clocks } = this;
    return { wall: clocks.now(), uptime: clocks.uptime(), bootId: clocks.bootId() ?? null };
  }

  /** @throws {Stopped} */
  async pause(milliseconds: number): Promise<void> {
    const end = this.clocks.monotonic() + milliseconds;
    for (let left = milliseconds; left > 0; left = end - this.clocks.monotonic()) {
      await this.clocks.sleep(Math.min(left, SLICE), this.#sleepOptions());
      this.checkStopped();
      await this.lock?.renew();
    }
  }

  #sleepOptions(): { signal?: AbortSignal } {
    const { signal } = this.request;
    return signal === undefined ? {} : { signal };
  }

  /** @throws {Stopped} */
  checkStopped(): void {
    if (this.request.signal?.aborted === true) throw new Stopped('The check was stopped.');
  }
}
