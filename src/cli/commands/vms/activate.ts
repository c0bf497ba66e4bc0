import type { LicenceClaims } from '../../../contract/claims.ts';
import { formatInstant } from '../../../contract/instants.ts';
import { formatPlanName } from '../../../contract/planName.ts';
import { parseForeignJson } from '../../../tokens/canonicalJson.ts';
import { parseCompactJws } from '../../../tokens/compactJws.ts';
import { parseLicenceClaims } from '../../../tokens/licenceClaims.ts';
import { readUnverified } from '../../../verifier/verifyEvidence.ts';
import { CommandError } from '../../command.ts';
import type { Session } from '../../command.ts';
import { checkOut, nameOf, parseJsonFile, printFile, readText, writeText } from '../../files.ts';
import { rows } from '../../layout.ts';
import { excerpt, formatPlan, jsonLine, printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';

/** Octets; the service takes no larger request. */
const MAX_REQUEST = 64 * 1024;
/** Characters; as of every licence. */
const MAX_LICENCE = 16_384;

export function createActivate(session: Session) {
  return serviceCommand(
    'activate',
    'Issues a licence by file, for a VM that cannot reach the service. FILE is the request that "countersign-agent request" wrote on the VM, at most seven days ago. Needs the role Operator, and an offer with offline: true. The same file gets the same licence again.',
  )
    .argument('<file>', 'the request of the VM, or - for standard input')
    .option('--out <file>', 'write the licence to this file, for "countersign-agent import" on the VM')
    .addHelpText('after', serviceHelp('countersign activate request.json --out licence.json'))
    .action(async (file, { out, ...options }) => {
      const { client, show, tell } = openService(session, options);
      if (out !== undefined) await checkOut(session, out, [file]);
      const request = await readRequest(session, file);
      tell(describeRequest(request));
      const answer = await client({
        ...{ method: 'POST', path: '/offline-activations', body: jsonBody(request), answer: 'OfflineLicence' },
      });
      const facts = readFacts(answer.licence);
      const text = jsonLine(answer);
      if (out === undefined) {
        tell(rows(facts, session.terminal));
        printFile(session, text);
        return;
      }
      await writeText(session, out, text);
      show({ file: out, ...facts }, () => `${rows(facts, session.terminal)}${adviseNext(out)}`);
    });
}

interface RequestFile {
  readonly document: { readonly signature: string };
  readonly proof: string;
  readonly offer?: unknown;
}

/** @throws {CommandError} `file_malformed`, and those of {@link readText} */
async function readRequest(session: Session, file: string): Promise<RequestFile> {
  const value = parseJsonFile(await readText(session, file, MAX_REQUEST), file);
  if (isRequest(value)) return value;
  throw new CommandError(
    'file_malformed',
    `${nameOf(file)} is not the request of a VM. Write one on the VM: countersign-agent request --out FILE`,
  );
}

function isRequest(value: unknown): value is RequestFile {
  const { document, proof } = (value ?? {}) as Partial<Record<string, unknown>>;
  const { signature } = (document ?? {}) as Partial<Record<string, unknown>>;
  return typeof proof === 'string' && typeof signature === 'string';
}

/** What the request says of itself. The service finds out whether it is true. */
function describeRequest({ document, proof, offer }: RequestFile): string {
  const { vmId, plan, createdOn } = readUnverified(document.signature) ?? {};
  const claims = parseForeignJson(parseCompactJws(proof, MAX_LICENCE)?.payload ?? new Uint8Array());
  const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? `"${excerpt(value)}"` : 'none');
  const asked = textOf(claims?.['product']);
  const offered = offer === undefined ? '' : `, offer ${textOf(offer)}`;
  const attested = plan ? textOf(formatPlan(plan)) : 'none';
  const made = typeof createdOn === 'number' ? ` of ${formatInstant(createdOn)}` : '';
  return `Request${made}: VM ${textOf(vmId)}, plan ${attested}, product ${asked}${offered}.\n`;
}

/** @throws {CommandError} `service_unreachable` */
function readFacts(licence: string): Readonly<Record<string, string>> {
  const payload = parseCompactJws(licence, MAX_LICENCE)?.payload;
  const claims = payload === undefined ? null : parseLicenceClaims(parseForeignJson(payload));
  if (claims !== null) return writeFacts(claims);
  throw new CommandError('service_unreachable', 'the answer is not a licence. Check the URL, and retry');
}

function writeFacts({ exp, azure, licence }: LicenceClaims): Readonly<Record<string, string>> {
  return {
    ...{ vmId: azure.vmId, subscription: azure.subscriptionId, licence: licence.id },
    plan: formatPlanName(licence.plan),
    ...{ expires: formatInstant(exp * 1_000), graceUntil: formatInstant(licence.graceUntil * 1_000) },
  };
}

function adviseNext(out: string): string {
  return `${printable(out)} written. Take it to the VM, and run there: countersign-agent import ${printable(out)}\n`;
}
