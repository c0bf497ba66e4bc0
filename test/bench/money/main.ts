import { PRICE_PAGES, READ_ON } from './prices.ts';
import { TABLES } from './tables.ts';

/** Prints the tables of docs/costs.md: `node test/bench/money/main.ts`. */
process.stdout.write(`List prices of ${READ_ON}, from ${PRICE_PAGES.join(', ')}\n\n`);
for (const [name, table] of Object.entries(TABLES)) process.stdout.write(`${name}\n${table()}\n\n`);
