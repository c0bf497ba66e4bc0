import type { CheckName, Verification } from '../../../contract/attestation.ts';
import { formatInstant } from '../../../contract/instants.ts';
import { PROBLEMS } from '../../../contract/problems.ts';
import { adviseOn } from '../../adviseOn.ts';
import type { Session, Terminal } from '../../command.ts';
import { readEvidence } from '../../evidenceFile.ts';
import { examples } from '../../help.ts';
import { paint, wrap } from '../../layout.ts';
import { jsonLine, printable } from '../../printable.ts';
import { readVerifyOptions, verifyCommand } from '../../verifyOptions.ts';
import { writeVerification } from '../../writeVerification.ts';

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

const COLOURS = { passed: 'green', failed: 'red', skipped: 'yellow' } as const;

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', not_reached: '  - ' } as const;

export function createExplain(session: Session) {
  return verifyCommand(
    'explain',
    'Explains an attested document: what it is, which checks it passed or failed and why, and what to do. Takes the options of verify, and has its exit codes.',
  )
    .argument('<file>', 'the JSON answer of IMDS, its base64 signature, or DER; - for standard input')
    .addHelpText('after', examples('countersign explain document.json --at 2026-06-25T18:57:45Z'))
    .action(async (file, flags) => {
      const [{ verifyEvidence }, { describeDocument }] = await Promise.all([
        import('../../../verifier/verifyEvidence.ts'),
        import('../../describeDocument.ts'),
      ]);
      const options = await readVerifyOptions(flags, session);
      const evidence = await readEvidence(file, session);
      const verification = verifyEvidence(evidence, options);
      const { terminal } = session;
      session.out(
        flags.json === true
          ? jsonLine(explainAsJson(verification))
          : `${describeDocument(evidence, terminal)}\n${formatChecks(verification, options.at, terminal)}`,
      );
      session.exitCode = verification.accepted ? 0 : 2;
    });
}

/** What `verify --json` says, and with it what each check asks and what to do. */
function explainAsJson(verification: Verification) {
  const { checks, ...rest } = writeVerification(verification);
  const advice = verification.accepted ? null : adviseOn(verification.code);
  return { ...rest, advice, checks: checks.map((check) => ({ ...check, asks: QUESTIONS[check.name] })) };
}

function formatChecks(verification: Verification, at: number, terminal: Terminal | null): string {
  const lines = verification.checks.map(({ name, outcome, detail }) => {
    const mark = outcome === 'not_reached' ? MARKS[outcome] : paint(terminal, COLOURS[outcome], MARKS[outcome]);
    const line = `  ${mark}  ${name.padEnd(9)}  ${QUESTIONS[name]}\n`;
    return detail === undefined ? line : `${line}${indent(printable(detail), terminal)}`;
  });
  return `Checks at ${formatInstant(at)}\n${lines.join('')}\n${formatVerdict(verification, terminal)}`;
}

const INDENT = 19;

function indent(text: string, terminal: Terminal | null): string {
  const lines = terminal === null ? [text] : wrap(text, Math.max(20, terminal.columns - INDENT));
  return lines.map((line) => `${' '.repeat(INDENT)}${line}\n`).join('');
}

function formatVerdict(verification: Verification, terminal: Terminal | null): string {
  if (verification.accepted) {
    return `${paint(terminal, 'green', 'Accepted')}: ${verification.result.cloud} signed this.\n`;
  }
  const { code } = verification;
  return `${paint(terminal, 'red', 'Rejected')}: ${code}. ${PROBLEMS[code].title}.\nWhat to do: ${adviseOn(code)}\n`;
}
