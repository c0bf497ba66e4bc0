import { parseSignedDocument } from '../../../src/verifier/cms/signedData.ts';

/** The JSON inside an answer of `/metadata/attested/document`. */
export function contentOf(answer: string): Readonly<Record<string, unknown>> {
  const { encoding, signature } = JSON.parse(answer) as { encoding: string; signature: string };
  if (encoding !== 'pkcs7') throw new Error(`the encoding is ${encoding}`);
  const { content } = parseSignedDocument(Buffer.from(signature, 'base64'));
  return JSON.parse(Buffer.from(content).toString('utf8')) as Record<string, unknown>;
}
