import * as z from 'zod';
import type { StagedBackup } from '../../backup/store.ts';
import type { RestoreMark } from '../../catalogue/restoreMark.ts';
import { MAX_BODY } from '../../contract/bodySize.ts';
import { formatInstant, formatNullable } from '../../contract/instants.ts';
import { confirmReport, restoreReport, restoreStep } from '../../contract/operators/backup.ts';
import type { RestoreReportJson, RestoreStepJson } from '../../contract/operators/backup.ts';
import type { Stored } from '../../contract/stored.ts';
import { RequestError } from '../../http/requestError.ts';
import { jsonBody, NO_BODY } from '../edge/bodies.ts';
import { NOTHING, routesThatNeed } from '../edge/route.ts';
import type { Answer, Call, OperatorRoute } from '../edge/route.ts';
import { reportTrial } from '../writes/oneRow.ts';
import { applyNext } from './applyRestore.ts';
import type { ApplyNeeds } from './applyRestore.ts';
import { beginRestore } from './beginRestore.ts';
import type { BeginNeeds } from './beginRestore.ts';
import { keepPart } from './stagedParts.ts';
import { tryPart } from './tryRestore.ts';

export type RestoreNeeds = ApplyNeeds & BeginNeeds;

const defineRoute = routesThatNeed<RestoreNeeds>();

const query = z.strictObject({});

type RestoreCall = Call<RestoreNeeds, unknown, unknown, RestoreStepJson>;

const restoreBackup = defineRoute({
  ...{ name: 'restoreBackup', role: 'Admin' },
  summary:
    'Restores a backup in steps: begin with its statement, send every part, then apply until it is done. Nothing is restored before all parts are here',
  ...{ params: NOTHING, query, body: jsonBody(restoreStep, MAX_BODY), dryRun: 'answer' },
  answer: { mediaType: 'application/json', schema: restoreReport },
  codes: ['backup_refused', 'store_newer', 'busy', 'not_found', 'signing_key_unavailable'],
  handle: async (call): Promise<Answer<RestoreReportJson>> => ({ value: await takeStep(call), kept: null }),
});

async function takeStep(call: RestoreCall): Promise<RestoreReportJson> {
  const { needs, body, dryRun, change, reason } = call;
  const { at } = change;
  switch (body.step) {
    case 'begin': {
      if (body.unsigned !== undefined && reason === null) throw needsReason();
      const { value } = await beginRestore(needs, body, at);
      return writeReport(needs, value, at);
    }
    case 'part': {
      const { value } = await readStaged(needs, body.restore);
      await keepPart(needs.store, value, { index: body.index, text: body.part, at });
      return report(value, at);
    }
    case 'apply': {
      const row = await readStaged(needs, body.restore);
      if (dryRun) return report(row.value, at, await tryPart(needs, row.value, body.index ?? 0, at));
      if (row.value.signedBy === null && reason === null) throw needsReason();
      const { staged, ...step } = await applyNext(needs, row, call);
      return report(staged, at, step);
    }
  }
}

function needsReason(): RequestError {
  return new RequestError('request_malformed', 'A backup that is restored unsigned needs a reason.');
}

/** @throws {RequestError} `not_found` */
async function readStaged({ store }: RestoreNeeds, name: string): Promise<Stored<StagedBackup>> {
  const row = await store.readStaged(name);
  if (row !== null) return row;
  throw new RequestError(
    'not_found',
    'There is no restore of this name, or it was begun more than a day ago: begin anew.',
  );
}

const MAX_MISSING = 100;

async function writeReport({ store }: RestoreNeeds, staged: StagedBackup, at: number): Promise<RestoreReportJson> {
  const here = new Set((await store.listStagedParts(staged.name)).map(({ index }) => index));
  const missing = Array.from(staged.digests.keys()).filter((index) => !here.has(index));
  const own = { missing: missing.slice(0, MAX_MISSING), missingInAll: missing.length };
  return { ...report(staged, at), ...own };
}

interface Done {
  readonly counts?: RestoreReportJson['counts'];
  readonly effect?: RestoreReportJson['effect'];
  readonly mark?: RestoreMark | null;
}

function report(staged: StagedBackup, at: number, { counts = {}, effect = null, mark = null }: Done = {}) {
  return {
    ...{ restore: staged.name, backup: staged.backup, asOf: formatInstant(staged.asOf) },
    ...{
      signedBy: staged.signedBy,
      root: staged.root,
      parts: staged.digests.length,
      missing: [],
      missingInAll: 0,
      applied: staged.applied,
    },
    done: mark !== null && mark.finishedAt !== null,
    waitSeconds: mark === null ? 0 : Math.ceil(Math.max(0, mark.appliesFrom - at) / 1_000),
    ...{ counts, effect, seatsExactFrom: formatNullable(mark === null ? null : mark.seatsExactFrom) },
  };
}

const confirmRestore = defineRoute({
  ...{ name: 'confirmRestore', role: 'Admin' },
  summary:
    'Confirms what was restored: from then on refusals are signed again, and those for full seats from seatsExactFrom on',
  ...{ params: NOTHING, query: NOTHING, body: NO_BODY, dryRun: 'effect' },
  answer: { mediaType: 'application/json', schema: confirmReport },
  codes: ['not_found', 'busy', 'changed_meanwhile'],
  handle: async ({ needs: { store }, change, record, dryRun }) => {
    const stored = await store.readRestoreMark();
    if (stored === null) throw new RequestError('not_found', 'Nothing was restored into this store.');
    const { value: mark, version } = stored;
    if (mark.finishedAt === null)
      throw new RequestError(
        'busy',
        'The restore is not finished. Run countersign restore again with the same file.',
        60,
      );
    const confirmed = { ...mark, confirmedAt: mark.confirmedAt ?? change.at };
    const [old, after] = [mark, confirmed].map(({ confirmedAt }) => ({ confirmedAt: formatNullable(confirmedAt) }));
    const values = { old: old ?? null, new: after ?? null };
    if (dryRun) {
      const effect = { vms: null, licences: [] };
      return { value: reportTrial({ ...values, effect, affected: [{ id: mark.backup, version }] }) };
    }
    if (mark.confirmedAt === null) {
      await record({ kind: 'restore', key: mark.backup, version, ...values });
      const written = await store.writeRestoreMark(confirmed, version, change);
      if (written.outcome !== 'written') throw new RequestError('changed_meanwhile');
    }
    return { value: writeConfirmed(confirmed) };
  },
});

function writeConfirmed({ backup, asOf, restoredAt, confirmedAt, seatsExactFrom }: RestoreMark) {
  return {
    ...{ backup, asOf: formatInstant(asOf), restoredAt: formatInstant(restoredAt) },
    ...{ confirmedAt: formatInstant(confirmedAt ?? restoredAt), seatsExactFrom: formatInstant(seatsExactFrom) },
  };
}

export const RESTORE_ROUTES: readonly OperatorRoute<RestoreNeeds>[] = [restoreBackup, confirmRestore];
