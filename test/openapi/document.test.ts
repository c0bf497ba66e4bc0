import { expect, test } from 'vitest';
import { useStack } from '../operators/useStack.ts';
import { listPlaces, readDocument, validatorOf } from './document.ts';

const stack = useStack();
const closed = useStack({ catalogueFile: null, settings: { ENTRA_TENANT: '', ENTRA_AUDIENCE: '', ENTRA_ISSUER: '' } });

test('the document is OpenAPI 3.1 whose references lead somewhere and whose parameters are those of the paths', async () => {
  const document = await readDocument(stack().serviceUrl);
  expect(document.openapi).toMatch(/^3\.1\.\d$/);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target = '']) => target);
  const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
  expect(references.length).toBeGreaterThan(20);
  expect(references.filter((target) => !known.includes(target))).toEqual([]);
  for (const { path, parameters } of listPlaces(document)) {
    const named = [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name);
    expect(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      path,
    ).toEqual(named);
    expect(parameters.every((one) => one.in !== 'path' || one.required)).toBe(true);
  }
});

test('every operation has an id of its own, an answer and its problems', async () => {
  const document = await readDocument(stack().serviceUrl);
  const places = listPlaces(document);
  expect(places.length).toBeGreaterThan(30);
  expect(new Set(places.map(({ operationId }) => operationId)).size).toBe(places.length);
  for (const { operationId, responses } of places) {
    expect(
      Object.keys(responses).some((status) => status.startsWith('2')),
      operationId,
    ).toBe(true);
    expect(
      Object.keys(responses).some((status) => status.startsWith('5')),
      operationId,
    ).toBe(true);
  }
});

test('whatever is below /operator asks for a role, and nothing else does', async () => {
  for (const { path, security, ...operation } of listPlaces(await readDocument(stack().serviceUrl))) {
    const isOperators = path.startsWith('/operator/');
    expect(security.length, path).toBe(isOperators ? 1 : 0);
    expect(operation['x-role'] !== undefined, path).toBe(isOperators);
  }
});

test('an import says how many licences it takes', async () => {
  const document = await readDocument(stack().serviceUrl);
  const place = listPlaces(document).find(({ operationId }) => operationId === 'importLicences');
  const schema = place?.requestBody?.content['application/json']?.schema;
  expect(schema).toMatchObject({ properties: { licences: { type: 'array', maxItems: 10_000 } } });
});

test('every schema of it can be read by another reader of JSON Schema', async () => {
  const document = await readDocument(stack().serviceUrl);
  for (const schema of Object.values(document.components.schemas))
    expect(() => validatorOf(document, schema)).not.toThrow();
});

test('without a directory the operators’ routes neither exist nor are described', async () => {
  const { serviceUrl, operatorTokens } = closed();
  const paths = Object.keys((await readDocument(serviceUrl)).paths);
  expect(paths).toContain('/v1/licences');
  expect(paths.filter((path) => path.startsWith('/operator'))).toEqual([]);
  const operators = listPlaces(await readDocument(stack().serviceUrl)).filter(({ path }) =>
    path.startsWith('/operator'),
  );
  for (const { method, path } of operators) {
    const headers = { Authorization: `Bearer ${operatorTokens.Admin}` };
    expect((await fetch(`${serviceUrl}${path}`, { method, headers })).status, path).toBe(404);
  }
});

test('that reader refuses what lacks a member, has one too many, or has another form', async () => {
  const document = await readDocument(stack().serviceUrl);
  const validator = validatorOf(document, { $ref: '#/components/schemas/Distrust' });
  const good = { sha256: 'ab', note: '', etag: '"a"', changedBy: 'x', changedAt: '2026-11-23T12:00:00Z' };
  expect(validator.safeParse(good).success).toBe(true);
  for (const change of [{ note: undefined }, { more: 1 }, { changedAt: 'yesterday' }, { note: 1 }]) {
    expect(validator.safeParse(JSON.parse(JSON.stringify({ ...good, ...change }))).success).toBe(false);
  }
});
