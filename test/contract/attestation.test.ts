import { expect, test } from 'vitest';
import { attestedVm } from '../../src/contract/attestation.ts';
import { ATTESTED } from '../tokens/licenceInput.ts';

test.each(['vmId', 'subscriptionId', 'sku'] as const)(
  'evidence without %s is of no VM that can be licensed',
  (name) => {
    expect(attestedVm(ATTESTED)).toEqual(ATTESTED);
    expect(() => attestedVm({ ...ATTESTED, [name]: null })).toThrow(/require these claims/);
  },
);
