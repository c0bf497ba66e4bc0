/**
 * Time that moves only when everybody waits. Any number of programs can live in it: each instant runs until nothing is left
 * to do, then the clock jumps to the next timer. Milliseconds since the epoch, the true time of the simulated world.
 */
export class VirtualTime {
  #now: number;
  #order = 0;
  readonly #timers = new TimerHeap();
  /** Work that really takes time, as that of a real store: the clock stands still meanwhile. */
  readonly #realWork = new Set<Promise<unknown>>();

  constructor(start: number) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  /** @param isWanted asked when the time has come; a timer of an ended process is dropped */
  at(time: number, fire: () => void, isWanted: () => boolean = () => true): Timer {
    const timer = { at: Math.max(time, this.#now), order: this.#order++, fire, isWanted, cancelled: false };
    this.#timers.push(timer);
    return timer;
  }

  after(milliseconds: number, fire: () => void, isWanted?: () => boolean): Timer {
    return this.at(this.#now + Math.max(0, milliseconds), fire, isWanted);
  }

  /** Resolves after so long. */
  wait(milliseconds: number, isWanted?: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.after(milliseconds, resolve, isWanted);
    });
  }

  /** Keeps the clock still until work outside this world has ended. */
  async standStillFor<Value>(work: Promise<Value>): Promise<Value> {
    const settled = work.then(ignore, ignore);
    this.#realWork.add(settled);
    try {
      return await work;
    } finally {
      this.#realWork.delete(settled);
    }
  }

  /**
   * Lets time pass until the task has settled.
   *
   * @param isOver ends it early, as when the process that it is part of was killed
   * @returns undefined where it ended early
   */
  async run<Value>(task: Promise<Value>, isOver: () => boolean = () => false): Promise<Value | undefined> {
    const progress = { isDone: false };
    const mark = (): void => {
      progress.isDone = true;
    };
    task.then(mark, mark);
    for (;;) {
      await this.#settle();
      if (progress.isDone) return task;
      if (isOver()) return undefined;
      if (!this.#fireNext(Infinity)) throw new Error('Nothing is left to wait for, and the task has not ended.');
    }
  }

  /** Lets so much time pass, with everything that happens in it. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    do {
      await this.#settle();
    } while (this.#fireNext(until));
    this.#now = until;
  }

  async #settle(): Promise<void> {
    do {
      await nextTurn();
      if (this.#realWork.size > 0) await Promise.race(this.#realWork);
    } while (this.#realWork.size > 0);
  }

  #fireNext(until: number): boolean {
    for (;;) {
      const timer = this.#timers.peek();
      if (timer === undefined || timer.at > until) return false;
      this.#timers.pop();
      if (timer.cancelled || !timer.isWanted()) continue;
      this.#now = timer.at;
      timer.fire();
      return true;
    }
  }
}

export interface Timer {
  readonly at: number;
  cancelled: boolean;
}

interface QueuedTimer extends Timer {
  readonly order: number;
  readonly fire: () => void;
  readonly isWanted: () => boolean;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function ignore(): void {
  // Whoever started the work sees its outcome.
}

/** A binary heap: the earliest first, of one instant the one that was set first. */
class TimerHeap {
  readonly #timers: QueuedTimer[] = [];

  peek(): QueuedTimer | undefined {
    return this.#timers[0];
  }

  push(timer: QueuedTimer): void {
    this.#timers.push(timer);
    this.#rise(this.#timers.length - 1);
  }

  pop(): void {
    const last = this.#timers.pop();
    if (last === undefined || this.#timers.length === 0) return;
    this.#timers[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      if (left >= this.#timers.length) return;
      const child = right < this.#timers.length && this.#isLater(left, right) ? right : left;
      if (!this.#swapIfLater(index, child)) return;
      index = child;
    }
  }

  #isLater(one: number, other: number): boolean {
    const [a, b] = [this.#timers[one], this.#timers[other]];
    if (a === undefined || b === undefined) return false;
    return a.at === b.at ? a.order > b.order : a.at > b.at;
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [a, b] = [this.#timers[parent], this.#timers[child]];
    if (a === undefined || b === undefined || !this.#isLater(parent, child)) return false;
    this.#timers[parent] = b;
    this.#timers[child] = a;
    return true;
  }
}
