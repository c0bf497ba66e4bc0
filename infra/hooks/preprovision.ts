import { isBaseUrl } from '../../src/contract/baseUrl.ts';
import { isLoopback } from '../../src/contract/loopback.ts';
import { HookError, readTool, runHook, runTool, say, valueOf } from './tools.ts';

// Before azd makes anything: tells everything that is wrong with the variables, and that the Azure CLI is there for what
// comes after. The template checks what it can itself; it cannot match patterns.

type Check = (value: string) => boolean;

const isUuid: Check = (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
const isVersion: Check = (value) => /^[0-9a-f]{32}$/.test(value);
const isRange: Check = (value) => /^[0-9a-f.:]+\/\d{1,3}$/i.test(value);
const isWhole: Check = (value) => /^\d+$/.test(value);
const isSwitch: Check = (value) => /^(true|false)$/.test(value);

/** One that was cut is found here: the service, which judges the keys themselves, would not start with it. */
const isBase64OfKeys: Check = (value) => {
  const octets = Buffer.from(value, 'base64');
  try {
    const set = JSON.parse(octets.toString()) as { readonly keys?: unknown } | null;
    return octets.toString('base64') === value && Array.isArray(set?.keys);
  } catch {
    return false;
  }
};

const listOf =
  (isOne: Check): Check =>
  (value) =>
    value.split(',').every(isOne);

interface Rule {
  readonly variables: readonly string[];
  readonly check: Check;
  readonly form: string;
}

/** The rules of all variables that have a form; an empty variable counts as not set. */
const RULES: readonly Rule[] = [
  {
    variables: ['ISSUER'],
    check: (value) => isBaseUrl(value) && !isLoopback(value),
    form: 'an https URL as browsers write it, without a trailing slash',
  },
  {
    variables: ['OPERATORS_API_CLIENT_ID', 'ENTRA_CONSOLE_CLIENT', 'FRONT_DOOR_ID'],
    check: isUuid,
    form: 'a GUID',
  },
  {
    variables: ['PROXY_RANGES', 'DEPLOYER_RANGES'],
    check: listOf(isRange),
    form: 'addresses in CIDR form, comma-separated, like 203.0.113.0/24',
  },
  {
    variables: ['ADDRESS_LIMITS'],
    check: listOf((entry) => isRange(entry.replace(/=[1-9]\d*$/, '')) && entry.includes('=')),
    form: 'CIDR=REQUESTS_PER_SECOND, comma-separated, like 203.0.113.0/28=200',
  },
  {
    variables: ['ROOT_THUMBPRINTS'],
    check: listOf((entry) => /^[A-Za-z0-9_-]{43}$/.test(entry)),
    form: 'one or two thumbprints of 43 characters, comma-separated, as "keys create-root" prints them',
  },
  {
    // Its value would end the text of the parameters' file, if it had quotes.
    variables: ['FORMER_SIGNING_KEYS'],
    check: isBase64OfKeys,
    form: 'the base64 of the file that "restore --keys-out" writes',
  },
  {
    variables: ['ROOT_KEY_VERSIONS'],
    check: listOf(isVersion),
    form: 'one or two versions of 32 characters, comma-separated',
  },
  {
    variables: ['ACCEPTED_CLOUDS'],
    check: listOf((entry) => /^Azure(Public|USGovernment|China|German)Cloud$/.test(entry)),
    form: 'names of clouds, comma-separated, like AzurePublicCloud',
  },
  { variables: ['SIGNING_KEY_VERSION'], check: isVersion, form: 'a version of 32 characters' },
  {
    variables: ['ZONE_REDUNDANT', 'DELETE_LOCK', 'RECOVER_VAULTS', 'UNIQUE_HOST_NAME', 'PRIVATE_ENDPOINTS'],
    check: isSwitch,
    form: 'true or false',
  },
  {
    variables: [
      ...['TRUSTED_PROXIES', 'RATE_LIMIT_PER_SECOND', 'LICENCE_LIFE_SECONDS', 'INSTANCE_MEMORY_MB'],
      ...['MAXIMUM_INSTANCE_COUNT', 'PER_INSTANCE_CONCURRENCY', 'ALWAYS_READY_INSTANCES'],
      ...['TELEMETRY_RETENTION_DAYS', 'AUDIT_RETENTION_DAYS', 'TELEMETRY_DAILY_QUOTA_GB'],
    ],
    check: isWhole,
    form: 'a whole number',
  },
];

function findProblems(): readonly string[] {
  const wrong = RULES.flatMap(({ variables, check, form }) =>
    variables
      .filter((variable) => valueOf(variable) !== '' && !check(valueOf(variable)))
      .map((variable) => `${variable} must be ${form}. Run: azd env set ${variable} VALUE`),
  );
  if (valueOf('ISSUER') === '')
    wrong.push('ISSUER is not set. Run: azd env set ISSUER https://licences.vendor.example (a name of your own)');
  const isClosed = [valueOf('FRONT_DOOR_ID'), valueOf('PROXY_RANGES')].some((value) => value !== '');
  if (isClosed && valueOf('DEPLOYER_RANGES') === '')
    wrong.push(
      'The app would be closed to all but its proxies, and nobody could deploy it. Run: azd env set DEPLOYER_RANGES YOUR-ADDRESS/32',
    );
  return wrong;
}

/** The region has to offer the plan. Azure itself says so only after it has made other resources. */
async function findRegionProblem(): Promise<string | null> {
  const region = valueOf('AZURE_LOCATION').toLowerCase().replaceAll(' ', '');
  if (region === '') return null;
  const zones = valueOf('ZONE_REDUNDANT') === 'true' ? ['--zone-redundant', 'true'] : [];
  const command = ['functionapp', 'list-flexconsumption-locations', ...zones, '--query', '[].name', '--output', 'json'];
  const regions = await readTool('az', command);
  if (!Array.isArray(regions)) return null;
  const names = regions.map((name) => String(name).toLowerCase().replaceAll(' ', ''));
  return names.includes(region)
    ? null
    : `AZURE_LOCATION ${region} does not offer this plan. Run: azd env set AZURE_LOCATION REGION (one of ${names.join(', ')})`;
}

async function checkSignedIn(): Promise<string | null> {
  const { status } = await runTool('az', ['account', 'show', '--output', 'json']);
  return status === 0 ? null : 'The Azure CLI is not signed in. Run: az login';
}

await runHook(async () => {
  const signedOut = await checkSignedIn();
  const region = signedOut === null ? await findRegionProblem() : null;
  const problems = [...findProblems(), signedOut, region].filter((problem) => problem !== null);
  if (problems.length > 0) {
    const list = problems.map((problem) => `  - ${problem}`).join('\n');
    throw new HookError(`Nothing was made, because something is not right yet:\n${list}`);
  }
  say('The variables of the deployment are right.');
});
