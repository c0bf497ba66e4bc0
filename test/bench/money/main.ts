import { TABLES } from './tables.ts';

/** Prints the tables of docs/costs.md: `node test/bench/money/main.ts`. */
for (const [name, table] of Object.entries(TABLES)) process.stdout.write(`${name}\n${table()}\n\n`);
