import type { Reply } from './edge.ts';

/** Thrown where a request is refused in full: the reply is ready, its row is written and its line is in the log. */
export class RefusedReply extends Error {
  override readonly name = 'RefusedReply';
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('The request was refused.');
    this.reply = reply;
  }
}
