import type { ImdsReply, ImdsRequest, RequestImds } from '../adapters.ts';

/** A request to IMDS that is under way before it is known whether its answer will be wanted. */
export class EarlyRequest {
  readonly #url: string;
  readonly #reply: Promise<ImdsReply>;
  readonly #stop = new AbortController();

  constructor(requestImds: RequestImds, request: ImdsRequest) {
    const { signal } = this.#stop;
    this.#url = request.url;
    const either = request.signal === undefined ? signal : AbortSignal.any([request.signal, signal]);
    this.#reply = requestImds({ ...request, signal: either });
  }

  /** @returns undefined where something else is asked for: then this request ends */
  take(url: string): Promise<ImdsReply> | undefined {
    if (url === this.#url) return this.#reply;
    this.end();
    return undefined;
  }

  end(): void {
    this.#stop.abort();
  }
}
