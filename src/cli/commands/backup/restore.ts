import type { BackupLine } from '../../../backup/records.ts';
import type { Session } from '../../command.ts';
import { CommandError, UsageError } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { end, endingCommand } from '../../endings.ts';
import { writeText } from '../../files.ts';
import { rows } from '../../layout.ts';
import type { Answers } from '../../operatorAnswers.ts';
import { OPTIONS } from '../../options.ts';
import { jsonLine, printable } from '../../printable.ts';
import { jsonBody, openService, serviceCommand, serviceHelp } from '../../serviceCommand.ts';
import type { Service } from '../../serviceCommand.ts';
import { readSmallFile } from '../trust/keySetFiles.ts';
import { KIND_NAMES } from './backup.ts';
import { openBackupFile } from './backupFile.ts';
import type { OpenedBackup } from './backupFile.ts';

type Report = Answers['RestoreReport'];

const EXAMPLES = [
  'countersign restore countersign-2026-11-28.backup --dry-run',
  'countersign restore countersign-2026-11-28.backup --key-set old.jwt --root THUMBPRINT --reason "region lost"',
  'countersign restore confirm --reason "looked at licences and blocks"',
] as const;

export function createRestore(session: Session) {
  return (
    endingCommand(
      'restore',
      'Restores a backup into a service: distrusts first, then blocks, then the rest. What the store has is never taken away. Until countersign restore confirm, the service signs no denial. Run it again if it was cut short. Needs the role Admin.',
    )
      .argument('[file]', 'the backup, as countersign backup wrote it')
      .option('--key-set <file>', 'believe the keys of this signed key set (jwks.jwt), if the service has others now')
      .option('--root <thumbprint>', 'the root key that must have signed the set of --key-set')
      .option('--unsigned', 'believe the file without a signature; needs --reason')
      .option('--pin <sha256...>', 'with --unsigned: restore this pin too; no other one is restored')
      .option('--keys-out <file>', 'write the public signing keys of the backup, for FORMER_SIGNING_KEYS')
      .helpCommand(false)
      // Those of `confirm` are its own.
      .enablePositionalOptions()
      .addCommand(createConfirm(session))
      .addHelpText('after', serviceHelp(...EXAMPLES))
      .action(async (file, options) => {
        if (file === undefined) throw new UsageError('name the FILE of the backup');
        const service = openService(session, options);
        const backup = await openBackupFile(session, file);
        try {
          // Damage is found before anything is sent.
          for (const index of backup.parts.keys()) await backup.readPart(index);
          const begin = await createBegin(session, backup, options);
          if (options.unsigned === true) await tellPins(session, backup, options.pin ?? []);
          await restore({ service, backup, begin, reason: options.reason }, options);
        } finally {
          await backup.close();
        }
      })
  );
}

interface TrustFlags {
  readonly keySet?: string | undefined;
  readonly root?: string | undefined;
  readonly unsigned?: true | undefined;
  readonly pin?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly keysOut?: string | undefined;
}

/** @throws {UsageError} */
async function createBegin(session: Session, { statement, parts }: OpenedBackup, flags: TrustFlags): Promise<object> {
  const { keySet, root, unsigned, pin = [], reason, keysOut } = flags;
  if ((keySet === undefined) !== (root === undefined))
    throw new UsageError('--key-set and --root go together. Name the root key that must have signed the set');
  if (unsigned === true && reason === undefined) throw new UsageError('--unsigned needs --reason. Add why');
  if (unsigned === true && keySet !== undefined)
    throw new UsageError('--key-set says whose signature counts, and --unsigned that none does. Leave one of them out');
  if (unsigned === true && keysOut !== undefined)
    throw new UsageError('--keys-out needs a backup whose signature counts. Leave --unsigned out');
  if (unsigned !== true && pin.length > 0) throw new UsageError('--pin goes together with --unsigned. Leave it out');
  return {
    ...{ step: 'begin', statement, digests: parts.map(([digest]) => digest) },
    ...(keySet !== undefined && { keySet: { token: await readSmallFile(keySet, session), root } }),
    ...(unsigned === true && { unsigned: { pins: pin.map(digestOf) } }),
  };
}

interface Work {
  readonly service: Service;
  readonly backup: OpenedBackup;
  readonly begin: object;
  readonly reason: string | undefined;
}

interface Flags {
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
  readonly keysOut?: string | undefined;
}

async function restore(work: Work, { dryRun, yes, keysOut }: Flags): Promise<void> {
  const { service } = work;
  const { session } = service;
  const begun = await sendParts(work);
  // Only now it is known who signed them: whoever is published among the signing keys can write licences.
  if (keysOut !== undefined) await writeKeys(session, work.backup, keysOut);
  const trial = await tryAll(work, begun);
  const told = describeTrial(trial, begun);
  if (dryRun === true) {
    session.complain(`${told}\n`);
    service.show(trial, () => `Nothing was restored. Would be:\n${formatCounts(trial.counts, session)}`);
    return;
  }
  if (trial.refused !== null) throw new CommandError('store_newer', printable(trial.refused), { exitCode: 2 });
  await confirm(session, told, yes);
  const done = await applyAll(work, begun);
  service.show(done, () => formatDone(done, session));
}

function post({ service, reason }: Work, step: object, dryRun = false): Promise<Report> {
  const query = { reason, dryRun: dryRun ? 'true' : undefined };
  return service.client({ method: 'POST', path: '/restore', query, body: jsonBody(step), answer: 'RestoreReport' });
}

/** Sends the parts that the service does not have yet. */
async function sendParts(work: Work): Promise<Report> {
  const { backup, begin, service } = work;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const begun = await post(work, begin);
    if (begun.missingInAll === 0) return begun;
    if (begun.missingInAll >= before)
      throw new CommandError('answer_malformed', 'The service keeps no part of the backup');
    before = begun.missingInAll;
    for (const index of begun.missing) {
      await post(work, { step: 'part', restore: begun.restore, index, part: await backup.readPart(index) });
      service.tell(`part ${index + 1} of ${begun.parts} sent\n`);
    }
  }
}

interface Trial {
  readonly dryRun: true;
  readonly backup: string;
  readonly asOf: string;
  readonly signedBy: string | null;
  readonly root: string | null;
  readonly counts: Report['counts'];
  readonly refused: string | null;
  readonly denied: NonNullable<Report['effect']>['denied'];
  readonly deniedInAll: number;
  readonly younger: NonNullable<Report['effect']>['younger'];
  readonly erased: NonNullable<Report['effect']>['erased'];
}

/** What restoring would do, part by part. */
async function tryAll(work: Work, { restore: name, backup, asOf, signedBy, root }: Report): Promise<Trial> {
  const trial = { counts: {} as Report['counts'], refused: null as string | null, deniedInAll: 0 };
  const denied: Trial['denied'][number][] = [];
  const younger: Trial['younger'][number][] = [];
  const erased: Trial['erased'][number][] = [];
  for (const index of work.backup.parts.keys()) {
    const { counts, effect } = await post(work, { step: 'apply', restore: name, index }, true);
    addCounts(trial.counts, counts);
    trial.refused ??= effect?.refused ?? null;
    trial.deniedInAll += effect?.deniedInAll ?? 0;
    denied.push(...(effect?.denied ?? []));
    younger.push(...(effect?.younger ?? []));
    erased.push(...(effect?.erased ?? []));
    if (index > 0) work.service.tell(`part ${index + 1} of ${work.backup.parts.length} looked at\n`);
  }
  return { dryRun: true, backup, asOf, signedBy, root, ...trial, denied, younger, erased: lastOfEach(erased) };
}

/** The same erasure can be in the store and in a part, and one can have been made again. */
function lastOfEach(erased: Trial['erased']): Trial['erased'] {
  const last = new Map<string, Trial['erased'][number]>();
  for (const one of erased) {
    const known = last.get(one.key);
    if (known === undefined || Date.parse(known.at) < Date.parse(one.at)) last.set(one.key, one);
  }
  return [...last.values()];
}

function addCounts(sums: Report['counts'], counts: Report['counts']): void {
  for (const [kind, { created, replaced, kept }] of Object.entries(counts)) {
    const sum = (sums[kind] ??= { created: 0, replaced: 0, kept: 0 });
    sum.created += created;
    sum.replaced += replaced;
    sum.kept += kept;
  }
}

const MAX_TOLD = 20;

function describeTrial(trial: Trial, { parts }: Report): string {
  const { asOf, refused, denied, deniedInAll, younger } = trial;
  const stopped = denied.slice(0, MAX_TOLD).map(({ kind, key, why }) => `  ${printable(`${kind} ${key}: ${why}`)}`);
  const stay = younger.slice(0, MAX_TOLD).map(({ kind, key, at }) => `  ${printable(`${kind} ${key}, ${at}`)}`);
  return [
    `Restores the backup of ${printable(asOf)} (${parts === 1 ? '1 part' : `${parts} parts`}, ${describeSigner(trial)}). Until countersign restore confirm, no denial is signed.`,
    deniedInAll === 0
      ? 'Nobody who is served now is stopped by it.'
      : `It stops, as a whole or in part, ${deniedInAll} that are served now:`,
    ...stopped,
    ...(deniedInAll > MAX_TOLD ? [`  and ${deniedInAll - MAX_TOLD} more`] : []),
    ...(stay.length > 0 ? ['Blocks and distrusts that are younger than the backup stay:', ...stay] : []),
    ...describeErased(trial),
    ...(refused === null ? [] : [`It would be refused. ${printable(refused)}`]),
  ].join('\n');
}

/** Why the file is believed: whoever has that root key can make another one. */
function describeSigner({ signedBy, root }: Trial): string {
  if (signedBy === null) return 'UNSIGNED: no signature says where it comes from';
  const key = printable(signedBy);
  return root === null
    ? `signed by ${key}, which this service serves`
    : `signed by ${key}, of the key set that root key ${printable(root)} signed`;
}

/** What was erased since comes back with the backup, and a store that was lost does not know that it was erased. */
function describeErased({ asOf, erased }: Trial): readonly string[] {
  const named = erased.slice(0, MAX_TOLD).map(({ key, at }) => `  ${printable(`${key}, ${at}`)}`);
  const known = `This store and the backup know of ${erased.length === 0 ? 'none.' : 'these:'}`;
  return [
    `After the restore, repeat each erasure (countersign privacy erase) that was not over at ${printable(asOf)}. ${known}`,
    ...named,
    ...(erased.length > MAX_TOLD ? [`  and ${erased.length - MAX_TOLD} more`] : []),
  ];
}

const SECOND = 1_000;

async function applyAll(work: Work, { restore: name, parts }: Report): Promise<Report> {
  const { service } = work;
  const counts: Report['counts'] = {};
  // The mark, each part, and the end; others may go on with the same restore.
  for (let steps = 0; steps < 3 * parts + 10; steps += 1) {
    const report = await post(work, { step: 'apply', restore: name });
    addCounts(counts, report.counts);
    if (report.done) return { ...report, counts };
    service.tell(`${report.applied} of ${parts} parts restored\n`);
    if (report.waitSeconds === 0) continue;
    service.tell(`waiting ${report.waitSeconds} s until every instance knows of the restore …\n`);
    await service.session.sleep(report.waitSeconds * SECOND);
  }
  throw new CommandError('not_finished', 'The restore has not come to its end. Run the command again');
}

function formatCounts(counts: Report['counts'], { terminal }: Session): string {
  const facts = Object.entries(KIND_NAMES).flatMap(([kind, name]) => {
    const { created, replaced, kept } = counts[kind] ?? { created: 0, replaced: 0, kept: 0 };
    if (created + replaced + kept === 0) return [];
    return [[name, `${created} new, ${replaced} replaced, ${kept} left as they are`] as const];
  });
  return facts.length === 0 ? '' : rows(Object.fromEntries(facts), terminal);
}

function formatDone({ asOf, counts, seatsExactFrom }: Report, session: Session): string {
  const exact = seatsExactFrom === null ? '' : `Seats are not exact until ${printable(seatsExactFrom)}.\n`;
  const next = 'Look at what was restored, then run countersign restore confirm.\n';
  return `Restored the backup of ${printable(asOf)}:\n${formatCounts(counts, session)}${exact}${next}`;
}

/** An unsigned pin is the power to make VM identities for whoever wrote the file. */
async function tellPins(session: Session, backup: OpenedBackup, named: readonly string[]): Promise<void> {
  const pins = await readLines(backup, 'pin');
  const isNamed = ({ sha256 }: (typeof pins)[number]) => named.some((one) => digestOf(one) === sha256);
  const list = (some: typeof pins) =>
    some.map(({ sha256, cloud, role }) => `  ${printable(`${sha256}, ${role} of ${cloud}`)}\n`).join('');
  const [taken, left] = [pins.filter(isNamed), pins.filter((pin) => !isNamed(pin))];
  if (taken.length > 0) session.complain(`These pins are restored:\n${list(taken)}`);
  if (left.length === 0) return;
  session.complain(`These pins are not restored. Name each with --pin if you know that it is genuine:\n${list(left)}`);
}

/** Without the colons that other programs write. */
function digestOf(pin: string): string {
  return pin.replaceAll(':', '').toLowerCase();
}

/** The objects of one kind. The service judges them; here they are only read. */
async function readLines<K extends 'pin' | 'key'>(backup: OpenedBackup, kind: K) {
  const found: Extract<BackupLine, { readonly kind: K }>[] = [];
  for (const index of backup.parts.keys()) {
    const lines = (await backup.readPart(index)).split('\n').filter((line) => line.includes(`"${kind}"`));
    const parsed = lines.map((line) => JSON.parse(line) as BackupLine);
    found.push(...parsed.filter((line): line is (typeof found)[number] => line.kind === kind));
  }
  return found;
}

/** The keys under which licences of before were signed: the new service has to publish them until the last one has ended. */
async function writeKeys(session: Session, backup: OpenedBackup, out: string): Promise<void> {
  const keys = (await readLines(backup, 'key')).map(({ jwk, life }) => ({
    ...jwk,
    until: new Date(session.now() + life * SECOND).toISOString(),
  }));
  await writeText(session, out, jsonLine({ keys }));
  session.complain(`${printable(out)} written: ${keys.length} public keys, for the setting FORMER_SIGNING_KEYS\n`);
}

function createConfirm(session: Session) {
  return serviceCommand(
    'confirm',
    'Confirms what was restored: the service signs denials again, and those for full seats when no licence of before the restore counts any more. Needs the role Admin.',
  )
    .option(...OPTIONS.dryRun)
    .option(...OPTIONS.reason)
    .option(...OPTIONS.yes)
    .addHelpText('after', serviceHelp(EXAMPLES[2]))
    .action(async (options) => {
      const service = openService(session, options);
      await end(service, options, {
        effect: () =>
          'Confirms the restore. From now on refusals are signed, and end the grace of the VMs that get them.',
        call: { method: 'POST', path: '/restore/confirm', answer: 'RestoreConfirmation' },
        show: (answer) => {
          service.show(answer, () => formatConfirmed(answer, session));
        },
      });
    });
}

function formatConfirmed(answer: Answers['RestoreConfirmation'], { terminal }: Session): string {
  const { asOf, restoredAt, confirmedAt, seatsExactFrom } = answer;
  const facts = { 'as of': asOf, restored: restoredAt, confirmed: confirmedAt, 'seats are exact from': seatsExactFrom };
  return rows(facts, terminal);
}
