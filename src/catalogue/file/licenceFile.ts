import * as z from 'zod';
import { OPTIONAL_MEMBER_NAMES, licenceEntry, writeLicence } from '../../contract/operators/licence.ts';
import type { Licence, LicenceJson, OptionalMember } from '../../contract/operators/licence.ts';
import { must } from '../../contract/operators/fields.ts';
import { finish, mapPieces } from '../../contract/pieces.ts';
import type { Pieces } from '../../contract/pieces.ts';
import { ANY } from '../../contract/planName.ts';
import type { FieldProblem } from '../../contract/wire.ts';
import { CsvError, parseCsv, writeCsv } from './csv.ts';
import type { CsvRecord } from './csv.ts';
import { describeIssue, fieldAt } from './fieldProblems.ts';
import { CatalogueError, MAX_LICENCES } from './parseCatalogue.ts';

/** The columns of a CSV file of licences, in the order in which they are exported. */
export const LICENCE_COLUMNS = [
  ...(['id', 'cloud', 'subscription', 'subscriptions', 'offer', 'seats', 'overage', 'class', 'status'] as const),
  ...(['validFrom', 'validUntil', 'vmIds', 'skus', 'features'] as const),
  ...(['customer', 'customerReference', 'customerContact', 'note'] as const),
] as const;

const TOO_MANY = `must have at most ${MAX_LICENCES} licences: split it, a CSV by its lines and with the header on each part`;

/** A JSON file, as it is described. */
export const jsonFileSchema = z.strictObject({ licences: z.array(licenceEntry).max(MAX_LICENCES) });

/** As it is read: each licence is then judged by itself, so that all problems are told. */
const rawFileSchema = z.strictObject(
  { licences: z.array(z.unknown(), must('be a list')).max(MAX_LICENCES, TOO_MANY) },
  must('be an object with the list "licences"'),
);

/** Reads bounded JSON in pieces; throws for anything else. */
type ParseJson = (text: string) => Pieces<unknown>;

type Column = (typeof LICENCE_COLUMNS)[number];

/** The columns without which a file says too little; of the subscriptions either form will do. */
const NEEDED: readonly Column[] = ['id', 'offer', 'seats'];
const SCOPES: readonly (readonly Column[])[] = [['subscriptions'], ['cloud', 'subscription']];

const isOptional = (column: Column): boolean => !NEEDED.includes(column) && !SCOPES.flat().includes(column);

/** A licence of a file, and where it stands there. */
export interface FileLicence {
  readonly place: Pick<FieldProblem, 'line' | 'field'>;
  readonly licence: Licence;
  /** What the file does not say. */
  readonly leftOut: readonly OptionalMember[];
}

/** An entry as it stands in the file, not yet judged. */
interface RawEntry {
  readonly place: FileLicence['place'];
  readonly leftOut: FileLicence['leftOut'];
  readonly value: unknown;
  /** What is wrong with the whole of it, so that its members are not worth judging. */
  readonly fault?: string | undefined;
}

/**
 * Reads a file of licences, CSV or JSON, and judges every entry; in pieces.
 *
 * @param parseJson throws for what is not JSON
 * @throws {CatalogueError} with all problems by line
 */
export function* parseLicenceFile(
  mediaType: string,
  text: string,
  parseJson: ParseJson,
): Pieces<readonly FileLicence[]> {
  const entries = mediaType === 'text/csv' ? yield* readCsv(text, parseJson) : readJson(yield* parseJson(text));
  const problems: FieldProblem[] = [];
  const licences: FileLicence[] = [];
  for (const { place, value, leftOut, fault } of entries) {
    yield;
    if (fault !== undefined) {
      problems.push(placeProblem(place, { field: '', message: fault }));
      continue;
    }
    const parsed = licenceEntry.safeParse(value);
    if (parsed.success) licences.push({ place, licence: parsed.data, leftOut });
    else problems.push(...parsed.error.issues.flatMap(describeIssue).map((problem) => placeProblem(place, problem)));
  }
  if (problems.length > 0) throw new CatalogueError(problems);
  return licences;
}

/** A problem of an entry, at the entry's place in the file. */
export function placeProblem(
  place: FileLicence['place'],
  { field, message }: Omit<FieldProblem, 'line'>,
): FieldProblem {
  const inside = fieldAt(place.field, field);
  return place.line === undefined ? { field: inside, message } : { line: place.line, field: inside, message };
}

function readJson(value: unknown): RawEntry[] {
  const parsed = rawFileSchema.safeParse(value);
  if (!parsed.success) throw new CatalogueError(parsed.error.issues.flatMap(describeIssue));
  return parsed.data.licences.map((value, index) => {
    const members = new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
    return { place: { field: `licences[${index}]` }, value, leftOut: withoutNames(members) };
  });
}

function withoutNames(present: ReadonlySet<string>): readonly OptionalMember[] {
  return OPTIONAL_MEMBER_NAMES.filter((member) => !present.has(member));
}

function* readCsv(text: string, parseJson: ParseJson): Pieces<RawEntry[]> {
  const [header, ...records] = (yield* readRecords(text)).filter(isFilled);
  if (header === undefined)
    throw new CatalogueError([{ line: 1, field: '', message: 'must be the names of the columns' }]);
  const columns = readHeader(header);
  const tooMany = records[MAX_LICENCES];
  if (tooMany !== undefined) throw new CatalogueError([{ line: tooMany.line, field: '', message: TOO_MANY }]);
  return yield* mapPieces(records, (record) => {
    const place = { line: record.line, field: '' };
    const leftOut = withoutNames(new Set(columns.slice(0, record.fields.length)));
    return { place, value: readEntry(columns, record, parseJson), leftOut, fault: findFault(columns, record) };
  });
}

/** Spreadsheets leave the separators of empty last cells out; what is not there is left out, as a missing column is. */
function findFault(columns: readonly Column[], { fields: { length } }: CsvRecord): string | undefined {
  if (length <= columns.length && columns.slice(length).every(isOptional)) return undefined;
  return `has ${length} fields under ${columns.length} columns`;
}

function* readRecords(text: string): Pieces<readonly CsvRecord[]> {
  try {
    return yield* parseCsv(text);
  } catch (error) {
    if (error instanceof CsvError) throw new CatalogueError([{ line: error.line, field: '', message: error.message }]);
    throw error;
  }
}

/** Spreadsheets leave lines behind in which only the commas, or blanks, are left. */
function isFilled({ fields }: CsvRecord): boolean {
  return fields.some((field) => field.trim() !== '');
}

function readHeader({ line, fields }: CsvRecord): readonly Column[] {
  const problems: FieldProblem[] = [];
  const columns = fields.map((name) => name.trim()).map((name) => LICENCE_COLUMNS.find((column) => column === name));
  columns.forEach((column, index) => {
    if (column === undefined)
      problems.push({ line, field: `column ${index + 1}`, message: `must be one of ${LICENCE_COLUMNS.join(', ')}` });
    else if (columns.indexOf(column) !== index) problems.push({ line, field: column, message: 'is there twice' });
  });
  const scope = SCOPES.find((names) => names.some((name) => columns.includes(name))) ?? ['cloud', 'subscription'];
  const customer: readonly Column[] = columns.some((name) => name?.startsWith('customer')) ? ['customer'] : [];
  for (const column of [...NEEDED, ...scope, ...customer]) {
    if (!columns.includes(column)) problems.push({ line, field: column, message: 'is missing: it must be a column' });
  }
  if (problems.length > 0) throw new CatalogueError(problems);
  return columns.filter((column) => column !== undefined);
}

const FREE_TEXTS: readonly Column[] = ['note', 'customer', 'customerReference', 'customerContact'];

/** An empty field is an absent member, so that it has its default. */
function readEntry(columns: readonly Column[], { fields }: CsvRecord, parseJson: ParseJson): unknown {
  const members = columns.map((column, index) => {
    const field = fields[index] ?? '';
    return [column, FREE_TEXTS.includes(column) ? field : field.trim()] as const;
  });
  const filled = members.filter(([, field]) => field !== '');
  return gatherCustomer(
    Object.fromEntries(filled.map(([column, field]) => [column, READERS[column]?.(field, parseJson) ?? field])),
  );
}

/** The columns of the customer are one member. */
function gatherCustomer({ customer, customerReference, customerContact, ...entry }: Record<string, unknown>): unknown {
  if (customer === undefined && customerReference === undefined && customerContact === undefined) return entry;
  const optional = { reference: customerReference, contact: customerContact };
  const given = Object.fromEntries(Object.entries(optional).filter(([, text]) => text !== undefined));
  return { ...entry, customer: { name: customer, ...given } };
}

type FieldReader = (field: string, parseJson: ParseJson) => unknown;

const READERS: Readonly<Partial<Record<Column, FieldReader>>> = {
  seats: readCount,
  overage: readCount,
  subscriptions: readSubscriptions,
  vmIds: readList,
  skus: readList,
  features: readJsonField,
};

/**
 * `*`, names with semicolons between them, or, where a name is empty or has a semicolon, a JSON list. What a semicolon too
 * many leaves is no name: the empty sku stands for custom images.
 */
function readList(field: string, parseJson: ParseJson): unknown {
  if (field === '*') return field;
  if (field.startsWith('[')) return readJsonField(field, parseJson);
  return field
    .split(';')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function readCount(field: string): unknown {
  return /^\d{1,9}$/.test(field) ? Number(field) : field;
}

/** `*`, or `<cloud>:<subscription>` with semicolons between them, each perhaps with `@` and the time at which it leaves. */
function readSubscriptions(field: string): unknown {
  if (field === ANY) return field;
  const names = field.split(';').map((name) => name.trim());
  return names
    .filter((name) => name !== '')
    .map((name) => {
      const [, cloud = name, subscription, until] = /^([^:@]*):([^@]*)(?:@(.*))?$/.exec(name) ?? [];
      return { cloud, subscription, ...(until !== undefined && { until }) };
    });
}

function readJsonField(field: string, parseJson: ParseJson): unknown {
  try {
    return finish(parseJson(field));
  } catch {
    return field;
  }
}

/** The same columns: what was exported can be imported again, and changes nothing. In pieces. */
export function* writeLicenceFile(licences: readonly Licence[]): Pieces<string> {
  const rows = yield* mapPieces(licences, (licence) => {
    const entry = writeLicence(licence);
    return LICENCE_COLUMNS.map((column) => writeField(entry, column));
  });
  return yield* writeCsv([LICENCE_COLUMNS, ...rows]);
}

function writeField(entry: LicenceJson, column: Column): string {
  if (column === 'customer') return entry.customer?.name ?? '';
  if (column === 'customerReference') return entry.customer?.reference ?? '';
  if (column === 'customerContact') return entry.customer?.contact ?? '';
  if (column === 'subscriptions') return writeSubscriptions(entry.subscriptions);
  const value = entry[column];
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return `${value}`;
  if (isList(value)) {
    return value.some((name) => name === '' || /[;[]|^\s|\s$/.test(name)) ? JSON.stringify(value) : value.join(';');
  }
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
}

function writeSubscriptions(subscriptions: LicenceJson['subscriptions']): string {
  if (subscriptions === undefined || subscriptions === ANY) return subscriptions ?? '';
  return subscriptions
    .map(({ cloud, subscription, until }) => `${cloud}:${subscription}${until === null ? '' : `@${until}`}`)
    .join(';');
}

/** `Array.isArray` does not narrow a readonly list. */
function isList(value: object): value is readonly string[] {
  return Array.isArray(value);
}
