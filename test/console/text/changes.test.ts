import { expect, test } from 'vitest';
import { describeManner, describeVerb, listDifferences } from '../../../src/console/text/changes.ts';

test('of two versions the members that differ are shown, as people read them', () => {
  const old = { id: 'fabrikam', seats: 3, note: '', vmIds: '*', customer: { name: 'Fabrikam' }, gone: true };
  const changed = { id: 'fabrikam', seats: 5, note: 'renewed', vmIds: '*', customer: { name: 'Fabrikam Ltd' } };
  expect(listDifferences({ old, new: changed })).toEqual([
    { name: 'seats', old: '3', new: '5' },
    { name: 'note', old: '–', new: 'renewed' },
    { name: 'customer', old: '{"name":"Fabrikam"}', new: '{"name":"Fabrikam Ltd"}' },
    { name: 'gone', old: 'true', new: '–' },
  ]);
});

test('what is new or deleted is shown with all that it has', () => {
  expect(listDifferences({ old: null, new: { seats: 3 } })).toEqual([{ name: 'seats', old: '–', new: '3' }]);
  expect(listDifferences({ old: { seats: 3 }, new: null })).toEqual([{ name: 'seats', old: '3', new: '–' }]);
  expect(listDifferences({ old: null, new: null })).toEqual([]);
});

test('a verb says what happened', () => {
  const some = { seats: 1 };
  expect(describeVerb({ operation: 'putLicence', old: null, new: some })).toBe('created');
  expect(describeVerb({ operation: 'patchLicence', old: some, new: { seats: 2 } })).toBe('changed');
  expect(describeVerb({ operation: 'deleteOffer', old: some, new: null })).toBe('deleted');
  expect(describeVerb({ operation: 'unblockActivation', old: some, new: some })).toBe('let in again');
  expect([describeManner('changeLicences'), describeManner('putOffer')]).toEqual(['by a filter', null]);
});
