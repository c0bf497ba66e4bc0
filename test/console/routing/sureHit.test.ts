import { expect, test } from 'vitest';
import { findSureHit } from '../../../src/console/routing/sureHit.ts';

const ID = '11111111-0000-4000-8000-000000000001';
const LAST_MET = '2026-11-23T12:00:00Z';
const NOTHING = { cloud: null, licences: [], subscriptions: [], vms: [], decisions: [], complete: true };

const licence = (id: string) => ({ id, customer: null, reference: null, offer: 'a/b/c' });
const known = (cloud: string) => ({ id: ID, cloud, lastMet: LAST_MET });

test.each([
  ['nothing', { ...NOTHING, query: 'fabri' }, null],
  ['one licence', { ...NOTHING, query: 'fabri', licences: [licence('f-1')] }, { page: 'licences', id: 'f-1' }],
  ['two licences', { ...NOTHING, query: 'fabri', licences: [licence('f-1'), licence('f-2')] }, null],
  ['one of more', { ...NOTHING, query: 'fabri', licences: [licence('f-1')], complete: false }, null],
  [
    'the licence with this id, and others with the word',
    { ...NOTHING, query: ' F-1 ', licences: [licence('f-1'), licence('f-11')], complete: false },
    { page: 'licences', id: 'f-1' },
  ],
  ['a VM', { ...NOTHING, query: ID.toUpperCase(), vms: [known('emulator')] }, { page: 'vms', id: ID }],
  [
    'a subscription',
    { ...NOTHING, query: ID.slice(0, 10), subscriptions: [known('emulator')] },
    { page: 'customers', query: { cloud: 'emulator', subscription: ID } },
  ],
  [
    'a subscription and a VM of one id',
    { ...NOTHING, query: ID, subscriptions: [known('emulator')], vms: [known('emulator')] },
    null,
  ],
  ['a subscription in two clouds', { ...NOTHING, query: ID, subscriptions: [known('a'), known('b')] }, null],
])('%s: a search opens what was meant, and otherwise lists', (_, answer, target) => {
  expect(findSureHit(answer)).toEqual(target);
});
