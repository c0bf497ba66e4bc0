import { formatInstant } from '../../contract/instants.ts';
import { parseJsonObject } from '../../client/members.ts';
import type { JsonObject } from '../../client/members.ts';
import { anonymise } from './anonymise.ts';
import type { Appraisal } from './appraise.ts';
import type { Answer } from '../../client/diagnosis/ask.ts';
import { describeShape } from './documentShape.ts';
import type { Finding } from './finding.ts';
import type { Observations, ObservedDocument } from './observe.ts';
import { StandIns } from './standIns.ts';

/** Changes whenever a reader of fixtures has to. */
const FORMAT = 'countersign-preflight/1';

/** What a fixture is made of. */
export interface Recording {
  readonly observations: Observations;
  /** Of the documents that came, in their order. */
  readonly appraisals: readonly Appraisal[];
  readonly findings: readonly Finding[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly program: { readonly version: string; readonly node: string; readonly platform: string };
}

/**
 * What a vendor can give to the maintainers: the answers of IMDS and the structure of the documents. What is not known to
 * be harmless has a made-up value of the same form.
 *
 * @param standIns of this fixture alone
 */
export function createFixture(recording: Recording, standIns: StandIns = new StandIns()): object {
  const { observations, appraisals, findings, at, program } = recording;
  const { chassis, proxy, vtpm, versions, instance, documents } = observations;
  const usable = documents.filter(({ answer }) => answer.judgement.kind === 'usable');
  return {
    format: FORMAT,
    recordedOn: formatInstant(at).slice(0, 10),
    program,
    // Details can hold names: the code says enough.
    checks: findings.map(({ name, outcome, code }) => ({ name, outcome, code })),
    machine: { chassis, proxy, vtpm },
    answers: [versions, instance, ...documents.map(({ answer }) => answer)]
      .filter((answer) => answer !== null)
      .map((answer) => describeAnswer(answer, standIns)),
    documents: usable.map((document, index) => describeDocument(document, appraisals[index], standIns)),
  };
}

function describeAnswer(
  { path, query, judgement, reply, tries, earlier, milliseconds }: Answer<unknown>,
  standIns: StandIns,
) {
  return {
    path,
    query: { ...query, ...(query['nonce'] !== undefined && { nonce: standIns.replace(query['nonce']) }) },
    judgement: judgement.kind === 'usable' ? 'usable' : judgement.trouble,
    ...{ tries, earlier, milliseconds },
    reply:
      reply.kind === 'answer' ? { status: reply.status, ...describeBody(reply.text, standIns) } : { kind: reply.kind },
  };
}

function describeBody(text: string, standIns: StandIns): object {
  const object = parseJsonObject(text);
  if (object === undefined)
    return { characters: text.length, looksLike: text.trimStart().startsWith('<') ? 'markup' : 'text' };
  return { characters: text.length, body: anonymise(withoutSignature(object), standIns) };
}

/** What can be said of the document stands under `documents`. */
function withoutSignature(object: JsonObject): JsonObject {
  return 'signature' in object ? { ...object, signature: '' } : object;
}

function describeDocument(
  { style, isEchoed, stale, answer }: ObservedDocument,
  appraisal: Appraisal | undefined,
  standIns: StandIns,
) {
  const { verification, ahead = null } = appraisal ?? {};
  const code = verification?.accepted === false ? verification.code : null;
  return {
    ...{ nonceStyle: style, isEchoed, stale, code },
    checks: (verification?.checks ?? []).map(({ name, outcome }) => ({ name, outcome })),
    clockAheadSeconds: ahead === null ? null : Math.round(ahead / 1000),
    ...(answer.judgement.kind === 'usable' && { shape: describeShape(answer.judgement.value, standIns) }),
  };
}
