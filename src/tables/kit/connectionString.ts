/**
 * Whether the Tables client takes this text as a connection string. It judges as the client does, without loading it: a start
 * refuses what it cannot use, and needs nothing else of the client.
 */
export function isConnectionString(text: string): boolean {
  if (isDevelopment(text)) return true;
  try {
    return isAccount(text) ? hasAccount(text) : hasSharedAccess(text);
  } catch {
    return false;
  }
}

export interface StorageAccount {
  readonly name: string;
  /** Base64. */
  readonly key: string;
}

/** The account that a connection string names with its key; null where it has a shared access signature instead. */
export function readAccount(text: string): StorageAccount | null {
  if (isDevelopment(text) || !isAccount(text)) return null;
  return { name: valueOf(text, 'AccountName'), key: valueOf(text, 'AccountKey') };
}

/** Azurite's own account, which the client knows. */
function isDevelopment(text: string): boolean {
  return text.toLowerCase().includes('usedevelopmentstorage=true');
}

function isAccount(text: string): boolean {
  const folded = text.toLowerCase();
  return folded.includes('defaultendpointsprotocol=') && folded.includes('accountkey=');
}

function hasAccount(text: string): boolean {
  const protocol = valueOf(text, 'DefaultEndpointsProtocol');
  const [endpoint, suffix] = [endpointOf(text), valueOf(text, 'EndpointSuffix')];
  const [name, key] = [valueOf(text, 'AccountName'), valueOf(text, 'AccountKey')];
  if (name === '' || key === '') return false;
  if (endpoint !== '') return URL.canParse(endpoint);
  const isKnown = ['http', 'https'].includes(protocol.toLowerCase());
  return isKnown && suffix !== '' && URL.canParse(`${protocol}://${name}.table.${suffix}`);
}

function hasSharedAccess(text: string): boolean {
  const [endpoint, signature] = [endpointOf(text), valueOf(text, 'SharedAccessSignature')];
  if (endpoint === '' || signature === '') return false;
  const { host, pathname } = new URL(endpoint);
  const [account = '', kind] = host.split('.');
  const name = kind === 'table' ? account : pathname.split('/')[1];
  return name !== undefined && name !== '' && URL.canParse(`${endpoint}?${signature}`);
}

function endpointOf(text: string): string {
  return valueOf(text, 'TableEndpoint').replace(/\/$/, '');
}

/** The first value of that name; `''` where there is none. @throws {TypeError} at a part without `=` before it */
function valueOf(text: string, name: string): string {
  for (const part of text.split(';').filter((each) => each !== '')) {
    const [key = '', ...rest] = part.trim().split('=');
    if (rest.length === 0) throw new TypeError('A part of the connection string has no value.');
    if (key.toLowerCase() === name.toLowerCase()) return rest.join('=');
  }
  return '';
}
