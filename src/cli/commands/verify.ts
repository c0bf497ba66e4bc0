import { formatInstant } from '../../contract/instants.ts';
import type { AttestationResult, Verification } from '../../contract/attestation.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import { verifyEvidence } from '../../verifier/verifyEvidence.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { readEvidence } from '../evidenceFile.ts';
import { excerpt, formatPlan, rows } from '../printable.ts';
import { parseVerifyArguments } from '../verifyOptions.ts';
import { runBatch } from './verifyBatch.ts';

export const VERIFY_OPTIONS_HELP = `Options:
  --at TIME          the verification time, RFC 3339 (default: now)
  --nonce N          the nonce that the document must carry (default: not compared)
  --cloud NAME       accept this cloud alone; may be repeated (default: all four of Azure's)
  --trust-dir DIR    look for the pinned certificates in DIR too (PEM or DER files)
  --trust-pem FILE   trust the certificates in FILE instead: self-signed ones are anchors, the others intermediates
  --domain NAME      with --trust-pem: the domain that the signer's names end with
  --json             print one JSON value and nothing else
`;

const help = `countersign verify FILE|-
countersign verify --batch

Verifies an attested document of Azure's Instance Metadata Service. FILE is the JSON answer of IMDS, its base64 signature,
or DER; - is standard input. Exit code 0: accepted; 2: rejected; 1: wrong usage or a system error.

${VERIFY_OPTIONS_HELP}  --batch            read lines { id, document, at?, nonce? } of JSON from standard input (document: base64 of DER; at and
                     nonce instead of the flags') and write a line { id, accepted, code, micros } for each, in their order.
                     What is no such line is complained of; the exit code is 1 then, otherwise 0 whatever the verdicts

Examples:
  countersign verify document.json
  countersign verify document.json --at 2026-06-25T18:57:45Z --trust-dir certificates --json
  curl -s -H Metadata:true --noproxy '*' \\
    'http://169.254.169.254/metadata/attested/document?api-version=2020-09-01' | countersign verify -
`;

export const verify: Command = {
  summary: 'verify an attested document',
  help,
  async run(args, io) {
    const { files, options, json, batch } = await parseVerifyArguments(args, io);
    if (batch) return files.length === 0 ? runBatch(options, io) : refuseFiles();
    const verification = verifyEvidence(await readEvidence(oneFile(files), io), options);
    io.out(json ? `${JSON.stringify(writeVerification(verification))}\n` : formatVerification(verification));
    return verification.accepted ? 0 : 2;
  },
};

function refuseFiles(): never {
  throw new UsageError('--batch takes no FILE: it reads lines from standard input');
}

/** @throws {UsageError} */
export function oneFile(files: readonly string[]): string {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) throw new UsageError('name one FILE, or - for standard input');
  return file;
}

/** The JSON of `--json`: `{ accepted, code, checks, result }`. */
export function writeVerification(verification: Verification) {
  const { accepted, checks } = verification;
  return accepted
    ? { accepted, code: null, checks, result: writeResult(verification.result) }
    : { accepted, code: verification.code, checks, result: null };
}

function writeResult({ createdOn, expiresOn, ...claims }: AttestationResult) {
  return { ...claims, createdOn: formatInstant(createdOn), expiresOn: formatInstant(expiresOn) };
}

function formatVerification(verification: Verification): string {
  if (verification.accepted) return `accepted\n${formatResult(verification.result)}`;
  const failed = verification.checks.find(({ outcome }) => outcome === 'failed');
  const { title, advice } = PROBLEMS[verification.code];
  const detail = failed?.detail === undefined ? '' : ` (${failed.detail})`;
  return `rejected: ${verification.code}\n${rows({ reason: title, check: `${failed?.name ?? ''}${detail}`, advice })}`;
}

/** One claim a line; a claim that the document does not hold is shown as such. */
function formatResult(result: AttestationResult): string {
  const { plan, ...claims } = writeResult(result);
  const facts = Object.entries({ ...claims, plan: plan === null ? null : formatPlan(plan) }).map(([name, value]) => [
    name,
    value === null ? '(not in the document)' : value === '' ? '""' : excerpt(value),
  ]);
  return rows(Object.fromEntries(facts) as Record<string, string>);
}
