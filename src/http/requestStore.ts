import type { OperatorRequest, OperatorRequestKey } from './operatorRequest.ts';
import type { Stored, Written, DeleteOutcome } from '../contract/stored.ts';

/** Operators' requests with an `Idempotency-Key`, and what was answered. `version: null` inserts. */
export interface RequestStore {
  readRequest(key: OperatorRequestKey): Promise<Stored<OperatorRequest> | null>;
  writeRequest(request: OperatorRequest, version: string | null): Promise<Written>;
  deleteRequest(key: OperatorRequestKey, version: string): Promise<DeleteOutcome>;
  /** Deletes the requests that began before `before`, in pieces: each is the number of rows deleted. */
  deleteRequests(before: number): AsyncIterable<number>;
}
