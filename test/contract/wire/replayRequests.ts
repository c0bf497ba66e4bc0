import type { Scene } from '../../support/serviceScene.ts';
import { readDocument } from '../../endToEnd/protocolClient.ts';
import { readToken, recordAnswer, signToken } from './recording.ts';
import type { Exchange, RecordedAnswer, RecordedStep, Recording } from './recording.ts';
import { clientKey } from './wireClient.ts';

export interface Replayed {
  readonly exchange: Exchange;
  readonly live: RecordedAnswer;
}

/**
 * Sends what a recorded client sent to a service of today. What the service or IMDS gave it then is replaced by what they
 * give now (challenge, document, licence, the issuer's address), and the proof is signed again; everything else is as it was.
 */
export class RequestReplay {
  readonly #scene: Scene;
  /** Live texts by the recorded ones. */
  readonly #texts: Map<string, string>;
  readonly #issuer: string;
  /** Of the last challenge. */
  #nonce = '';

  constructor(scene: Scene, { issuer }: Recording) {
    this.#scene = scene;
    this.#issuer = issuer;
    this.#texts = new Map();
  }

  async replay(step: RecordedStep): Promise<readonly Replayed[]> {
    const replayed: Replayed[] = [];
    for (const exchange of step.exchanges) {
      const { method, path, headers, body } = exchange;
      const sent = body === null ? undefined : JSON.stringify(await this.#renew(body, step));
      const init = { method, headers, redirect: 'manual', ...(sent !== undefined && { body: sent }) } as const;
      const live = await recordAnswer(await fetch(this.#scene.urls[0] + path, init));
      this.#learn(exchange.answer.text, live.text);
      replayed.push({ exchange, live });
    }
    return replayed;
  }

  async #renew(body: unknown, { vm }: RecordedStep): Promise<unknown> {
    const renewed = this.#replace(body) as Record<string, unknown>;
    const { proof, document } = renewed;
    return {
      ...renewed,
      ...(document !== undefined && { document: await readDocument(this.#scene.imdsUrl, vm, this.#nonce) }),
      ...(typeof proof === 'string' && { proof: this.#signAgain(proof, vm) }),
    };
  }

  #signAgain(proof: string, vm: string): string {
    const token = readToken(proof);
    return signToken(clientKey(vm), token?.header, this.#replace(token?.claims));
  }

  /** Every text that the service gave, and every address, as they are now. */
  #replace(value: unknown): unknown {
    if (typeof value === 'string') return this.#texts.get(value) ?? value.replace(this.#issuer, this.#scene.urls[0]);
    if (Array.isArray(value)) return value.map((item) => this.#replace(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#replace(member)]));
  }

  /** Tokens, and the ids in them, by which later requests name them. */
  #learn(recorded: string, live: string): void {
    const [was, is] = [parseObject(recorded), parseObject(live)];
    for (const name of ['challenge', 'nonce', 'licence']) {
      const [before, after] = [was[name], is[name]];
      if (typeof before !== 'string' || typeof after !== 'string') continue;
      this.#texts.set(before, after);
      if (name === 'nonce') this.#nonce = after;
      const [old, present] = [before, after].map(
        (token) => (readToken(token)?.claims ?? {}) as { readonly jti?: string },
      );
      if (old?.jti !== undefined && present?.jti !== undefined) this.#texts.set(old.jti, present.jti);
    }
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}
