import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startStack } from '../../src/dev/stack.ts';
import type { Stack, StackOptions } from '../../src/dev/stack.ts';
import type { OperatorRole } from '../../src/operators/access/roles.ts';
import { send } from '../endToEnd/protocolClient.ts';
import type { Answer } from '../endToEnd/protocolClient.ts';
import { createTestTables } from '../support/azurite.ts';
import { runKeys } from '../support/runKeys.ts';

const CATALOGUE = join(import.meta.dirname, '../endToEnd/catalogue.json');
const VMS = join(import.meta.dirname, '../endToEnd/vms.json');

/** Everything on this machine, for the tests of the file that calls this at its top. */
export function useStack(options: Partial<StackOptions> = {}): () => Stack {
  let stack: Stack | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-operators-'));
  beforeAll(async () => {
    stack = await startStack({
      ports: { service: 0, imds: 0, table: 0 },
      folder: join(folder, 'stack'),
      catalogueFile: CATALOGUE,
      vmFile: VMS,
      progress: () => undefined,
      store: createTestTables(),
      keys: runKeys('emulator'),
      imdsRateLimit: Infinity,
      ...options,
    });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (stack === undefined) throw new Error('The stack runs only while tests do.');
    return stack;
  };
}

export interface OperatorRequest {
  readonly as?: OperatorRole;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `operate(stack, 'GET /offers')`: one request of an operator, below `/operator/v1`. */
export function operate(
  stack: Pick<Stack, 'serviceUrl' | 'operatorTokens'>,
  request: string,
  options: OperatorRequest = {},
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const { as = 'Operator', body, headers = {} } = options;
  const json = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return send(`${stack.serviceUrl}/operator/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${stack.operatorTokens[as]}`,
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(json !== undefined && { body: json }),
  });
}
