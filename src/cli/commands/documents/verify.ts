import { PROBLEMS } from '../../../contract/problems.ts';
import type { AttestationResult, Verification } from '../../../contract/attestation.ts';
import { adviseOn } from '../../adviseOn.ts';
import { UsageError } from '../../command.ts';
import type { Session, Terminal } from '../../command.ts';
import { readEvidence } from '../../evidenceFile.ts';
import { examples } from '../../help.ts';
import { paint, rows } from '../../layout.ts';
import { excerpt, formatPlan, jsonLine } from '../../printable.ts';
import { readVerifyOptions, verifyCommand } from '../../verifyOptions.ts';
import { writeResult, writeVerification } from '../../writeVerification.ts';

const BATCH_HELP = `
With --batch, each line of standard input is JSON: { id, document, at?, nonce? }, where document is
base64 of DER, and at and nonce replace those of the options. A line ends with a line feed (LF or
CRLF). For each line, one line { id, accepted, code, micros } is written, in the same order.
Invalid lines are reported, and the exit code is then 1; otherwise it is 0, whatever the verdicts.
`;

export function createVerify(session: Session) {
  return verifyCommand(
    'verify',
    "Verifies an attested document of Azure's Instance Metadata Service. Exit code 0: accepted; 2: rejected; 1: wrong usage or a system error.",
  )
    .argument('[file]', 'the JSON answer of IMDS, its base64 signature, or DER; - for standard input')
    .option('--batch', 'verify many documents, one line each, from standard input')
    .addHelpText(
      'after',
      `${BATCH_HELP}${examples(
        'countersign verify document.json',
        'countersign verify document.json --at 2026-06-25T18:57:45Z --trust-dir certificates --json',
        "curl -s -H Metadata:true --noproxy '*' \\",
        "  'http://169.254.169.254/metadata/attested/document?api-version=2020-09-01' | countersign verify -",
      )}`,
    )
    .action(async (file, flags) => {
      if (flags.batch === true && file !== undefined) {
        throw new UsageError('--batch takes no FILE: it reads lines from standard input');
      }
      if (flags.batch !== true && file === undefined) throw new UsageError('name one FILE, or - for standard input');
      const options = await readVerifyOptions(flags, session);
      if (file === undefined) {
        const { runBatch } = await import('./verifyBatch.ts');
        session.exitCode = await runBatch(options, session);
        return;
      }
      const { verifyEvidence } = await import('../../../verifier/verifyEvidence.ts');
      const verification = verifyEvidence(await readEvidence(file, session), options);
      session.out(
        flags.json === true
          ? jsonLine(writeVerification(verification))
          : formatVerification(verification, session.terminal),
      );
      session.exitCode = verification.accepted ? 0 : 2;
    });
}

function formatVerification(verification: Verification, terminal: Terminal | null): string {
  if (verification.accepted) {
    return `${paint(terminal, 'green', 'accepted')}\n${rows(listClaims(verification.result), terminal)}`;
  }
  const failed = verification.checks.find(({ outcome }) => outcome === 'failed');
  const { title } = PROBLEMS[verification.code];
  const detail = failed?.detail === undefined ? '' : ` (${failed.detail})`;
  const facts = { reason: title, check: `${failed?.name ?? ''}${detail}`, advice: adviseOn(verification.code) };
  return `${paint(terminal, 'red', `rejected: ${verification.code}`)}\n${rows(facts, terminal)}`;
}

/** A claim that the document does not hold is shown as such. */
function listClaims(result: AttestationResult): Readonly<Record<string, string>> {
  const { plan, ...claims } = writeResult(result);
  const facts = Object.entries({ ...claims, plan: plan === null ? null : formatPlan(plan) }).map(
    ([name, value]) => [name, value === null ? '(not in the document)' : value === '' ? '""' : excerpt(value)] as const,
  );
  return Object.fromEntries(facts);
}
