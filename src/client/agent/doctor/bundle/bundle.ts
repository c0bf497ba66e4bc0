import { release } from 'node:os';
import { formatInstant } from '../../../../contract/instants.ts';
import { escapeUnits, replaceUnprintable } from '../../../../contract/plainText.ts';
import { AGENT_NAME } from '../../agentVersion.ts';
import type { Configuration } from '../../settings/configuration.ts';
import type { StatusFile } from '../../statusFile.ts';
import type { Evidence } from '../evidence.ts';
import type { Diagnosis } from '../report.ts';
import { describeOptions, secretsOf } from './describeOptions.ts';
import { redact } from './redact.ts';

/** What a bundle is made of. */
export interface BundleParts {
  readonly diagnosis: Diagnosis;
  readonly evidence: Evidence;
  readonly configuration: Configuration;
  readonly env: NodeJS.ProcessEnv;
  /** What the running agent has written last. */
  readonly status: StatusFile | undefined;
  /** The last lines of the agent's log; null where they cannot be read. */
  readonly log: readonly string[] | null;
}

/** Octets. */
const MAX_BUNDLE = 1024 * 1024;
/** Characters of a text, and entries of a list: the first with which the bundle is small enough. */
const LIMITS = [64 * 1024, 8192, 1024, 256];
const NAMED = /^(?:COUNTERSIGN_\w+|NODE_\w+|(?:https?|no|all)_proxy|SSL_CERT_(?:FILE|DIR))$/i;

/** The text of a file for the vendor's support: JSON that a person can read, and without a secret of this machine. */
export function formatBundle(parts: BundleParts): string {
  const { configuration, env, diagnosis, evidence, log, status } = parts;
  const bundle = {
    ...{ bundle: 1, agent: AGENT_NAME, createdAt: formatInstant(Date.now()), system: describeSystem() },
    findings: diagnosis.findings,
    checked: diagnosis.checked,
    configuration: describeOptions(configuration),
    // Values can hold passwords.
    variables: Object.keys(env)
      .filter((name) => NAMED.test(name) && env[name] !== '')
      .sort(),
    status: status?.report ?? null,
    ...{ log, evidence },
  };
  const secrets = secretsOf(configuration);
  const texts = LIMITS.map((limit) => () => format(redact(bundle, { secrets, limit })));
  return texts.reduce((text, again) => (Buffer.byteLength(text) <= MAX_BUNDLE && text !== '' ? text : again()), '');
}

function describeSystem() {
  const { arch, execPath, platform, version } = process;
  return { node: version, executable: execPath, platform, arch, release: release(), user: process.geteuid?.() ?? null };
}

/** Nothing in it that a terminal could obey. */
function format(value: unknown): string {
  const lines = JSON.stringify(value, null, 2).split('\n');
  return `${lines.map((line) => replaceUnprintable(line, escapeUnits)).join('\n')}\n`;
}
