import * as asn1js from 'asn1js';
import { createHash } from 'node:crypto';
import * as pkijs from 'pkijs';

const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const ID_DATA = '1.2.840.113549.1.7.1';

/** An attribute that says what the content is. */
export function contentTypeAttribute(oid: string): pkijs.Attribute {
  return new pkijs.Attribute({ type: CONTENT_TYPE, values: [new asn1js.ObjectIdentifier({ value: oid })] });
}

/** An attribute with the content's SHA-256. */
export function messageDigestAttribute(content: Uint8Array): pkijs.Attribute {
  const digest = new Uint8Array(createHash('sha256').update(content).digest());
  return new pkijs.Attribute({ type: MESSAGE_DIGEST, values: [new asn1js.OctetString({ valueHex: digest })] });
}

/** contentType and messageDigest, the attributes that RFC 5652 section 5.3 asks for where any are signed. Azure signs none. */
export function usualAttributes(content: Uint8Array): pkijs.Attribute[] {
  return [contentTypeAttribute(ID_DATA), messageDigestAttribute(content)];
}
