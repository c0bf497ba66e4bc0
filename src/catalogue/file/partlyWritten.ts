import { StoreUnavailableError } from '../../contract/stored.ts';

const MAX_NAMED = 20;

/** The store failed while a plan was written, and again during the rollback. The message names what may be written. */
export class PartlyWrittenError extends StoreUnavailableError {
  readonly rows: readonly string[];

  constructor(rows: readonly string[]) {
    const named = rows.slice(0, MAX_NAMED).join(', ');
    const more = rows.length > MAX_NAMED ? ` and ${rows.length - MAX_NAMED} more` : '';
    super(
      `The store failed, and so did the rollback. These may be written: ${named}${more}. ` +
        'Look at these rows: correct them, or apply the file again to have all of it.',
    );
    this.rows = rows;
  }
}
