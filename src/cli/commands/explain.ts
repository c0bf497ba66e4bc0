import type { CheckName, Verification } from '../../contract/attestation.ts';
import { formatInstant } from '../../contract/instants.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import { verifyEvidence } from '../../verifier/verifyEvidence.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { readEvidence } from '../evidenceFile.ts';
import { parseVerifyArguments } from '../verifyOptions.ts';
import { describeDocument } from '../describeDocument.ts';
import { printable } from '../printable.ts';
import { VERIFY_OPTIONS_HELP, oneFile, writeVerification } from './verify.ts';

const help = `countersign explain FILE|-

Says what an attested document is, which checks it passed or failed and why, and what to do. Takes what verify takes, and
has its exit codes.

${VERIFY_OPTIONS_HELP}
Example:
  countersign explain document.json --at 2026-06-25T18:57:45Z
`;

/** What each check asks, for people. */
const QUESTIONS: Readonly<Record<CheckName, string>> = {
  size: 'at most 16 KiB',
  encoding: 'canonical base64 and strict DER',
  profile: 'a CMS SignedData in exactly the form that Azure signs',
  signer: 'one certificate, and it is the one that the signature names',
  cloud: 'the certificate is in the name of the metadata service of an accepted cloud',
  path: 'the certificate was issued under CAs that are pinned for that cloud',
  signature: 'that certificate’s key signed this content',
  reading: 'an independent reader finds the same in it',
  content: 'well-formed content with the claims that are needed',
  time: 'created and not yet expired at the verification time',
  nonce: 'the nonce that was asked for',
};

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', not_reached: '  - ' } as const;

export const explain: Command = {
  summary: 'explain an attested document: what it is, every check and its outcome, what to do',
  help,
  async run(args, io) {
    const { files, options, json, batch } = await parseVerifyArguments(args, io);
    if (batch) throw new UsageError('--batch goes with verify');
    const evidence = await readEvidence(oneFile(files), io);
    const verification = verifyEvidence(evidence, options);
    io.out(
      json ? `${JSON.stringify(explainAsJson(verification))}\n` : explainAsText(evidence, verification, options.at),
    );
    return verification.accepted ? 0 : 2;
  },
};

/** What `verify --json` says, and with it what each check asks and what to do. */
function explainAsJson(verification: Verification) {
  const { checks, ...rest } = writeVerification(verification);
  const advice = verification.accepted ? null : PROBLEMS[verification.code].advice;
  return { ...rest, advice, checks: checks.map((check) => ({ ...check, asks: QUESTIONS[check.name] })) };
}

function explainAsText(evidence: Uint8Array | string, verification: Verification, at: number): string {
  const lines = verification.checks.map(({ name, outcome, detail }) => {
    const line = `  ${MARKS[outcome]}  ${name.padEnd(9)}  ${QUESTIONS[name]}\n`;
    return detail === undefined ? line : `${line}${' '.repeat(19)}${printable(detail)}\n`;
  });
  return `${describeDocument(evidence)}
Checks at ${formatInstant(at)}
${lines.join('')}
${formatVerdict(verification)}`;
}

function formatVerdict(verification: Verification): string {
  if (verification.accepted) return `Accepted: ${verification.result.cloud} signed this.\n`;
  const { title, advice } = PROBLEMS[verification.code];
  return `Rejected: ${verification.code}. ${title}.\nWhat to do: ${advice}\n`;
}
