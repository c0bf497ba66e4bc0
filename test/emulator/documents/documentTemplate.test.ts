import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { createDocumentTemplate } from '../../../src/emulator/documents/documentTemplate.ts';
import { signDocument } from '../../../src/emulator/documents/signDocument.ts';
import { sharedAuthority } from '../running.ts';

test('a template makes the same octets as the document maker, whatever the content’s length', async () => {
  const leaf = await (await sharedAuthority()).issueLeaf();
  const sign = createDocumentTemplate(leaf);
  const lengths = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.constantFrom(127, 128, 255, 256, 65_535, 65_536));
  fc.assert(
    fc.property(lengths, (length) => {
      const content = new Uint8Array(length).fill(0x20);
      expect(Buffer.from(sign(content)).equals(signDocument({ content, leaf }))).toBe(true);
    }),
    { numRuns: 40 },
  );
});
