/** What one VM's coming costs, challenge included. */
interface Cost {
  /** Executions of functions. */
  readonly requests: number;
  /** Transactions of the store. */
  readonly storeCalls: number;
  readonly logLines: number;
  /** Of the log, rounded up to fifty. */
  readonly logOctets: number;
  /** With the signing key in the vault. */
  readonly signatures: number;
}

/** Held by `test/docs/costs.test.ts` against the running service. */
export const MEASURED = {
  renewal: { requests: 2, storeCalls: 2, logLines: 1, logOctets: 350, signatures: 1 },
  'first boot': { requests: 2, storeCalls: 4, logLines: 1, logOctets: 400, signatures: 1 },
  'licence refused': { requests: 2, storeCalls: 2, logLines: 1, logOctets: 400, signatures: 0 },
  'evidence refused': { requests: 2, storeCalls: 0, logLines: 1, logOctets: 250, signatures: 0 },
} as const satisfies Readonly<Record<string, Cost>>;

/** What the platform adds to each of our lines, and writes of each request unless it samples: estimates. */
export const ADDED_OCTETS = { line: 900, request: 1_200 } as const;

/** Milliseconds of CPU that a renewal takes with its challenge, on one core (docs/performance.md). */
export const CPU_MILLISECONDS = 4;
/** What a VM's rows take in the store. */
export const ROW_OCTETS = 2_000;
