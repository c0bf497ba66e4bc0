import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { nonceFromDigest } from '../../../../contract/nonce.ts';
import { replaceUnprintable } from '../../../../contract/plainText.ts';
import type { ImdsReply } from '../../../adapters.ts';
import { REAL_ADAPTERS } from '../../../adapters/real.ts';
import { Asker } from '../../../diagnosis/ask.ts';
import type { Answer } from '../../../diagnosis/ask.ts';
import type { JsonObject } from '../../../members.ts';
import { askForDocument, askForInstance, askForVersions, isReached } from '../../../diagnosis/questions.ts';
import type { Trouble } from '../../../diagnosis/trouble.ts';
import { judgeChassis } from '../../../imds/chassis.ts';
import { IMDS_URL } from '../../../imds/imdsRequests.ts';
import type { Circumstances } from './circumstances.ts';
import { readImdsHead } from './imdsHead.ts';
import type { ImdsHead } from './imdsHead.ts';

/** What IMDS answers to the agent. */
export interface ImdsEvidence {
  readonly url: string;
  /** What was asked, in its order. Only the first where it was not reached. */
  readonly answers: readonly ImdsAnswer[];
  /** Of an answer that IMDS does not give; null where each is one that it does. */
  readonly head: ImdsHead | null;
  /** Who asks: Azure's guest proxy agent allows programs and users by these. */
  readonly program: { readonly executable: string; readonly user: string };
}

export interface ImdsAnswer {
  /** Path and api-version. */
  readonly asked: string;
  readonly reply: ImdsReply['kind'];
  readonly status: number | null;
  /** The beginning of an answer that could not be used; null where it is not told. */
  readonly text: string | null;
  /** What is wrong with it; null where nothing is. */
  readonly trouble: Trouble | null;
  /** What was wrong before it was asked again. */
  readonly earlier: readonly Trouble[];
  readonly tries: number;
  readonly milliseconds: number;
}

/** Milliseconds for all questions: an update of IMDS takes 70 s, and others look at something too. */
const BUDGET = 80_000;
/** Characters. */
const MAX_EXCERPT = 300;

/** Answers that something else than IMDS may have given. */
const ODD: readonly (Trouble | null)[] = ['odd', 'redirected', 'denied', 'failing'];

/** What was seen, and the metadata, which is not evidence itself. */
interface Asked {
  readonly imds: ImdsEvidence;
  /** Null where IMDS did not answer with it. */
  readonly instance: Answer<JsonObject> | null;
}

export async function askImds({ imdsUrl, once, tell }: Circumstances): Promise<Asked> {
  tell('Asking the Instance Metadata Service');
  const { clocks, requestImds, chassisTag } = REAL_ADAPTERS;
  const url = imdsUrl ?? IMDS_URL;
  const chassis = imdsUrl === undefined ? judgeChassis(await chassisTag(), null) : 'known';
  const asker = new Asker({ clocks, requestImds }, url, { chassis, once, budget: BUDGET, afterOthers: !once });
  const nonce = nonceFromDigest(randomBytes(32), 'base32');
  const versions = await askForVersions(asker);
  const instance = isReached(versions) ? await askForInstance(asker, versions) : null;
  const document = isReached(versions) ? await askForDocument(asker, versions, nonce) : null;
  const answers = [versions, instance, document].flatMap((answer) => (answer === null ? [] : [record(answer, nonce)]));
  const head = answers.some(({ trouble }) => ODD.includes(trouble)) ? await readImdsHead(url) : null;
  return { imds: { url, answers, head, program: { executable: process.execPath, user: userName() } }, instance };
}

/** A container's user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.());
  }
}

function record({ path, query, judgement, reply, tries, earlier, milliseconds }: Answer<unknown>, nonce: string) {
  const version = query['api-version'];
  const trouble = judgement.kind === 'trouble' ? judgement.trouble : null;
  return {
    asked: version === undefined ? path : `${path}?api-version=${version}`,
    ...{ reply: reply.kind, trouble, earlier, tries, milliseconds },
    status: reply.kind === 'answer' ? reply.status : null,
    text: reply.kind === 'answer' ? excerpt(reply, nonce) : null,
  };
}

/** What comes with 200 and is not HTML could be metadata or a document: it is never told. */
function excerpt({ status, text }: Extract<ImdsReply, { kind: 'answer' }>, nonce: string): string | null {
  if (status === 200 && !/^\s*</.test(text)) return null;
  const line = replaceUnprintable(text.replaceAll(nonce, '(nonce)').replace(/\s+/g, ' '), () => '?').trim();
  return line.slice(0, MAX_EXCERPT);
}
