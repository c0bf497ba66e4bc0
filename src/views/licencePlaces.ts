import { foldText, searchWords } from '../catalogue/licenceWords.ts';
import type { RecordedLicence } from '../catalogue/store.ts';
import { joinKey } from '../contract/keyParts.ts';
import { foldCase } from '../contract/planName.ts';
import { LICENCE_ORDERS } from './store.ts';
import type { LicenceOrder, LicencePlaces } from './store.ts';

/** Where a licence has no end, or no customer: after all that have one. */
const NO_VALUE = '~';
/** Characters of a customer's name that matter for the order. */
const MAX_CUSTOMER = 100;
const LAST_TIME = 999_999_999_999_999;

/** Where words and copies of a licence stand, as it is. */
export function placeLicence(licence: RecordedLicence): LicencePlaces {
  const { value, version } = licence;
  const copies = LICENCE_ORDERS.map((order) => ({ order, key: orderKey(licence, order) }));
  return { id: orderKey(licence, 'id'), version, words: searchWords(value), copies };
}

/** Keys of licences are in the order of the licences. */
export function orderKey(licence: RecordedLicence, order: LicenceOrder | 'id'): string {
  const id = joinKey(foldCase(licence.value.id));
  switch (order) {
    case 'id':
      return id;
    case 'customer':
      // Two spaces come before any name that goes on.
      return `${customerText(licence) || NO_VALUE}  ${id}`;
    case 'end':
      return `${endKey(licence.value.validUntil)}:${id}`;
    case 'changed':
      return `${timeKey(LAST_TIME - licence.change.at)}:${id}`;
  }
}

/** Letters and digits alone: a key may hold those of any language. */
function customerText({ value: { customer } }: RecordedLicence): string {
  const text = foldText(customer?.name ?? '').replace(/[^\p{L}\p{N}]+/gu, ' ');
  return text.trim().slice(0, MAX_CUSTOMER).toWellFormed();
}

/** The beginning of the key of a licence that ends then; `null`: never. */
export function endKey(validUntil: number | null): string {
  // Times before 1970 come first, in no order that matters.
  return validUntil === null ? NO_VALUE : timeKey(Math.max(0, validUntil));
}

function timeKey(milliseconds: number): string {
  return `${milliseconds}`.padStart(15, '0');
}
