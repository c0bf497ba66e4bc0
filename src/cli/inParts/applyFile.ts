import type { CatalogueFile } from '../../catalogue/file/cataloguePlan.ts';
import type { Answers } from '../operatorAnswers.ts';
import { fitsOneRequest, wholeFile } from './filePart.ts';
import { judgeParts, sendParts } from './sendParts.ts';
import type { Destination } from './sendParts.ts';
import { splitCatalogue } from './splitJson.ts';
import type { RawFile } from './splitJson.ts';

/** A catalogue file as text, as JSON, and as it was read. */
export interface ReadCatalogue {
  readonly text: string;
  readonly value: unknown;
  readonly file: CatalogueFile;
}

/** Applies a file in one request or, where it is too large, in several: then all are judged first. */
export async function applyFile(
  to: Pick<Destination, 'client' | 'reason'>,
  { text, value, file }: ReadCatalogue,
  dryRun: boolean,
): Promise<Answers['ApplyReport']> {
  const destination: Destination = { ...to, path: '/catalogue' };
  const body = { text, mediaType: 'application/json' };
  const parts = fitsOneRequest(body) ? wholeFile(body) : splitCatalogue(value as RawFile, file);
  const judged = dryRun || parts.length > 1 ? await judgeParts(destination, parts) : null;
  return dryRun && judged !== null ? judged : sendParts(destination, parts);
}
