import { HookError, lastLine, readVariable, runHook, runTool, say, tryUntilDone, valueOf } from './tools.ts';

// After azd deployed: lists the functions, waits until the service is ready, and says what is still to be done. A service
// with an offline root key waits for its first key set, which only an administrator can upload: that is no failure.

const TIMEOUT = 30_000;

interface Probe {
  readonly state: string;
  readonly detail: string;
}

interface Answer {
  /** 0 where there was none. */
  readonly status: number;
  readonly probes: Readonly<Record<string, Probe>>;
  readonly reason: string;
}

async function listFunctions(): Promise<void> {
  const [group, name] = [await readVariable('AZURE_RESOURCE_GROUP'), await readVariable('SERVICE_API_NAME')];
  const where = ['--resource-group', group, '--name', name];
  const command = ['functionapp', 'function', 'list', ...where, '--query', '[].name', '--output', 'tsv'];
  const { found } = await tryUntilDone(async () => {
    const ended = await runTool('az', command);
    return { done: ended.status === 0 && ended.stdout.trim() !== '', found: ended };
  });
  const names = found.stdout.trim().split(/\s+/).filter(Boolean);
  if (found.status !== 0) throw new HookError(`The functions could not be listed: ${lastLine(found.stderr)}`);
  if (names.length === 0)
    throw new HookError(
      'The app has no functions: its entry file did not load. Look at the traces in Application Insights.',
    );
  say(`${names.length} functions: ${names.map((name) => name.split('/').at(-1)).join(', ')}`);
}

async function ask(url: string): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT), redirect: 'error' });
    const text = await response.text();
    return { status: response.status, probes: readProbes(text), reason: `answered ${response.status}` };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return {
      status: 0,
      probes: {},
      reason: `did not answer (${cause instanceof Error ? cause.message : String(cause)})`,
    };
  }
}

function readProbes(text: string): Answer['probes'] {
  try {
    const { probes } = JSON.parse(text) as { readonly probes?: Answer['probes'] };
    return probes ?? {};
  } catch {
    return {};
  }
}

const listProbes = ({ probes }: Answer, state: string) =>
  Object.entries(probes).filter(([, probe]) => probe.state === state);

/** How the probes speak of a root key that is kept offline and has signed nothing yet. */
const NO_KEY_SET: Readonly<Record<string, RegExp>> = {
  root: /no key set was uploaded yet|uploaded key set has ended/,
  signingKey: /no signed key set is served/,
};

/** Whether nothing is wrong but that. A root key in a vault whose role has not spread yet is another failure of `root`. */
function waitsForKeySet(answer: Answer): boolean {
  const failed = listProbes(answer, 'failed');
  const isRootMissing = failed.some(([name]) => name === 'root');
  return answer.status === 503 && isRootMissing && failed.every(([name, { detail }]) => NO_KEY_SET[name]?.test(detail));
}

async function waitUntilReady(host: string): Promise<Answer> {
  const issuer = valueOf('ISSUER');
  const { found } = await tryUntilDone(async () => {
    const direct = await ask(`https://${host}/readyz`);
    // An app behind proxies answers them alone.
    const answer = direct.status === 403 && issuer !== '' ? await ask(`${issuer}/readyz`) : direct;
    return { done: answer.status === 200 || waitsForKeySet(answer), found: answer };
  });
  return found;
}

function sayProbes(answer: Answer, state: string): void {
  for (const [name, { detail }] of listProbes(answer, state)) say(`  ${name} is ${state}: ${detail}`);
}

function sayHowToUpload(): void {
  say('The service waits for its first key set. Sign one on the machine that has the root key, and upload it:');
  say('  npm run -s cli -- keys sign-set --root root.pem --keys keys.json --issuer ISSUER --out set.jwt');
  say('  npm run -s cli -- keys upload set.jwt');
  say('keys.json comes from: npm run -s cli -- keys status --out keys.json');
}

async function sayWhetherIssuerLeadsHere(host: string): Promise<void> {
  const issuer = valueOf('ISSUER');
  if (issuer === '') return;
  const { status, reason } = await ask(`${issuer}/readyz`);
  if (status === 200 || status === 503) return;
  const proof = valueOf('DOMAIN_VERIFICATION_ID');
  say(`${issuer} ${reason}: its name does not lead here yet. Set a CNAME record to ${host}, and a TXT record`);
  say(`asuid.${new URL(issuer).hostname} with ${proof}; then bind the name, or let your proxy send requests on.`);
}

await runHook(async () => {
  const host = await readVariable('SERVICE_API_HOST');
  await listFunctions();
  const answer = await waitUntilReady(host);
  if (answer.status !== 200 && !waitsForKeySet(answer)) {
    sayProbes(answer, 'failed');
    throw new HookError(`https://${host}/readyz ${answer.reason}: the service is not ready. See docs/deployment.md.`);
  }
  if (answer.status === 200) say(`https://${host}/readyz says: ready.`);
  else sayHowToUpload();
  sayProbes(answer, 'degraded');
  await sayWhetherIssuerLeadsHere(host);
});
