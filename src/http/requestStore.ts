import type { OperatorRequest, OperatorRequestKey } from './operatorRequest.ts';
import type { DeleteOutcome, PageRequest, ReadablePage, Stored, Written } from '../contract/stored.ts';

/** Operators' requests with an `Idempotency-Key`, and what was answered. `version: null` inserts. */
export interface RequestStore {
  readRequest(key: OperatorRequestKey): Promise<Stored<OperatorRequest> | null>;
  writeRequest(request: OperatorRequest, version: string | null): Promise<Written>;
  deleteRequest(key: OperatorRequestKey, version: string): Promise<DeleteOutcome>;
  /** Those that were answered and name something in their path or answer, such as a UUID. A search through all. */
  pageRequestsNaming(text: string, page: PageRequest): Promise<ReadablePage<OperatorRequest>>;
  /** Deletes them, in pieces: each is the number of rows deleted. */
  deleteRequestsNaming(text: string): AsyncIterable<number>;
  /** Deletes the requests that began before `before`, in pieces: each is the number of rows deleted. */
  deleteRequests(before: number): AsyncIterable<number>;
}
