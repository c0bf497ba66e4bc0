/**
 * List prices in US dollars, pay as you go, region East US, without discounts and free grants, as Microsoft's price pages
 * had them when they were read last. Azure changes them, and other regions have others.
 */
export const READ_ON = '2026-11';

export const PRICES = {
  /** Azure Functions, Flex Consumption, on demand: a gigabyte of an instance's memory for an active second. */
  gigabyteSecond: 0.000026,
  /** The same: a million executions. */
  millionExecutions: 0.4,
  /** Azure Table Storage, locally redundant: 10,000 transactions. A transaction of several rows is one. */
  tenThousandStoreCalls: 0.00036,
  /** The same: a gigabyte for a month. */
  storedGigabyte: 0.045,
  /** Azure Monitor, Log Analytics, analytics logs: a gigabyte taken in. */
  logGigabyte: 2.3,
  /** Key Vault, standard, EC keys: 10,000 operations. */
  tenThousandSignatures: 0.15,
} as const;

/** Where each of them stands. */
export const PRICE_PAGES = [
  'azure.microsoft.com/pricing/details/functions',
  'azure.microsoft.com/pricing/details/storage/tables',
  'azure.microsoft.com/pricing/details/monitor',
  'azure.microsoft.com/pricing/details/key-vault',
] as const;
