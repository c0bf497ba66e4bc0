import * as z from 'zod';
import { send } from '../endToEnd/protocolClient.ts';

/** The service's own description of itself, as it is served. */
export interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Response {
  readonly headers: Readonly<Record<string, { readonly required?: boolean; readonly schema: object }>>;
  readonly content: Readonly<Record<string, { readonly schema: object }>>;
}

export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security: readonly object[];
  readonly 'x-role'?: 'Reader' | 'Operator' | 'Admin';
}

/** One method on one path. */
export interface Place extends Operation {
  readonly method: string;
  readonly path: string;
}

export async function readDocument(serviceUrl: string): Promise<Document> {
  const { body } = await send(`${serviceUrl}/openapi.json`);
  return body as unknown as Document;
}

export function listPlaces({ paths }: Document): readonly Place[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
}

/** A validator from the document alone: it shares nothing with the schemas that the service was made from but their JSON. */
export function validatorOf({ components }: Document, schema: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: components.schemas }).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
}
