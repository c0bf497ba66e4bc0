/** An answer: an object is sent as JSON, text and octets as they are. */
export interface Reply {
  readonly status: number;
  readonly body: object | string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** How the connection ends in place of the whole answer. */
  readonly ending?: Ending;
}

/** Never, before the answer, or in the middle of it. */
export type Ending = 'silent' | 'refused' | 'cut';

/** A request that IMDS does not answer; the one thing that is caught. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`refused with ${reply.status}`);
    this.name = 'Refusal';
    this.reply = reply;
  }
}

/** IMDS says what is wrong in a JSON object with one member, and sometimes more. */
export function refuse(status: number, error: string, more: object = {}, headers: Reply['headers'] = {}): Refusal {
  return new Refusal({ status, body: { error, ...more }, headers });
}
