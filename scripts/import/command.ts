/** The command line and the output of `import-users`; scripts/import-users.ts opens the database. */
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { D1Writer } from '../lib/d1-writer.ts';
import { ScriptFault } from '../lib/fault.ts';
import { helpIfAsked } from '../lib/help.ts';
import { databaseName } from '../lib/open-d1.ts';
import { commandLine } from '../lib/project.ts';
import { parseProviders } from './connections.ts';
import { parseMap } from './fields.ts';
import { openIdMap } from './id-map.ts';
import { importUsers } from './index.ts';
import { progressOf } from './progress.ts';
import { readRecords } from './records.ts';
import { openReport } from './report.ts';
import { KEEP } from './settle.ts';
import { SOURCE_NAMES, sourceOf } from './sources/index.ts';
import { summary } from './summary.ts';
import { readText } from './text.ts';
import { undo } from './undo.ts';
import { DEFAULT_BATCH } from './write.ts';

const USAGE = `Usage: ${commandLine('import-users')} FILE [--from NAME] [--map TARGET=SOURCE,…] [--provider NAME=ISSUER]
         [--dry-run] [--id-map FILE] [--keep ${KEEP.join('|')}] [--keep-unverified-staff] [--strict]
         [--model NAME] [--batch N] [--remote] [--persist-to DIR] [--env NAME]
       ${commandLine('import-users')} --undo REPORT [--dry-run] [--remote] [--persist-to DIR] [--env NAME]
  --from     the system that FILE comes from: ${SOURCE_NAMES.join(', ')}
  --dry-run  print the summary and write the report, but change nothing in the database
  --undo     delete the users whom the import with this report created, unless somebody has used them since
docs/moving-in.md describes every option.`;
const MAX_BATCH = 20_000;
/** A record that spans chunks is scanned again with each one, so chunks are large. */
const CHUNK_BYTES = 1_048_576;

export type Arguments = ReturnType<typeof readArguments>;

type Writer = D1Writer | Promise<D1Writer>;

/** Returns the exit code. */
export function run(
  writer: Writer,
  given: Arguments,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  return given.undo ? runUndo(writer, given, say, signal) : runImport(writer, given, say, signal);
}

async function runImport(
  writer: Writer,
  given: Arguments,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { file, source, map, providers, batchSize, dryRun, keep, keepUnverifiedStaff, strict } = given;
  const { size } = statSync(file);
  const now = Math.floor(Date.now() / 1_000);
  const report = openReport(file, {
    file,
    ...(given.from !== undefined && { from: given.from }),
    database: databaseName(given.where),
    at: now,
    dry_run: dryRun,
    options: given.options,
  });
  const idMap = openIdMap(given.idMap);
  try {
    const input = createReadStream(file, { highWaterMark: CHUNK_BYTES });
    let wrote: ((done: number) => void) | undefined;
    const { counts, findings } = await importUsers(
      writer,
      readRecords(readText(input), source),
      { source, map, providers, batchSize, dryRun, keep, keepUnverifiedStaff, strict, now },
      {
        reading: progressOf('records read', () => input.bytesRead / size),
        writing: (_, persons) => {
          wrote = progressOf(dryRun ? 'looked up' : 'written', (done) => done / persons);
        },
        before: report.batch,
        after: (outcomes, { imported, alreadyThere, refused }) => {
          report.outcomes(outcomes);
          idMap.add(outcomes);
          wrote?.(imported + alreadyThere + refused);
        },
      },
      signal,
    );
    report.end(findings, counts);
    const sources = Object.values(map).flat();
    const unknown = sources.filter((name) => !findings.mapped.has(name));
    if (dryRun) say('Dry run: nothing was written to the database.');
    for (const line of summary(counts, findings, unknown)) say(line);
    say(`Report: ${report.file}`);
    if (!signal.aborted) return counts.refused > 0 ? 2 : 0;
    say('Stopped before the end of the file. Run it again to continue.');
    return signal.reason as number;
  } catch (error) {
    report.discard();
    throw error;
  } finally {
    report.close();
    idMap.close();
  }
}

async function runUndo(
  writer: Writer,
  { file, where, dryRun }: Arguments,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const progress = progressOf('looked up', () => 0);
  const undone = await undo(await writer, file, {
    database: databaseName(where),
    dryRun,
    progress: ({ deleted, used, gone }) => progress(deleted + used + gone),
    signal,
  });
  if (dryRun) say('Dry run: nothing was written to the database.');
  const { deleted, used, gone } = undone;
  say(`${deleted + used + gone} imported: ${deleted} deleted, ${used} kept, ${gone} already gone`);
  if (used > 0) say('Kept: these users have signed in, set a password or confirmed an address since.');
  if (!signal.aborted) return 0;
  say('Stopped before the end. Run it again to continue.');
  return signal.reason as number;
}

/** Throws a ScriptFault with the usage. */
export function readArguments(argv: readonly string[]) {
  helpIfAsked(USAGE, argv);
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        map: { type: 'string' },
        provider: { type: 'string', multiple: true, default: [] },
        model: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        undo: { type: 'string' },
        'id-map': { type: 'string' },
        keep: { type: 'string', default: KEEP[0] },
        'keep-unverified-staff': { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
        env: { type: 'string' },
        batch: { type: 'string', default: String(DEFAULT_BATCH) },
      },
    });
    const [file, ...more] = values.undo === undefined ? positionals : [values.undo, ...positionals];
    if (file === undefined || more.length > 0) throw new TypeError('exactly one FILE is required');
    const batchSize = /^\d+$/.test(values.batch) ? Number(values.batch) : 0;
    if (batchSize < 1 || batchSize > MAX_BATCH)
      throw new TypeError(`--batch must be a number from 1 to ${MAX_BATCH}`);
    const keep = KEEP.find((name) => name === values.keep);
    if (keep === undefined) throw new TypeError(`--keep must be one of ${KEEP.join(', ')}`);
    const source = sourceOf(values.from, file, values.model);
    if (source === undefined) throw new TypeError(`--from must be one of ${SOURCE_NAMES.join(', ')}`);
    const { from, map, model, provider, strict, 'keep-unverified-staff': keepUnverifiedStaff } = values;
    const fields = map === undefined ? {} : parseMap(map);
    const providers = parseProviders(provider);
    const path = fromCaller(file);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new TypeError(`There is no file ${path}`);
    return {
      file: path,
      undo: values.undo !== undefined,
      from,
      source,
      map: fields,
      providers,
      options: { map, provider, model, strict, keep, keep_unverified_staff: keepUnverifiedStaff },
      keep,
      keepUnverifiedStaff,
      strict,
      batchSize,
      dryRun: values['dry-run'],
      idMap: values['id-map'] === undefined ? undefined : fromCaller(values['id-map']),
      where: { remote: values.remote, persistTo: values['persist-to'], environment: values.env },
    };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}

/** npm runs scripts in the project's root, not in the caller's folder. */
function fromCaller(file: string): string {
  return resolve(process.env.INIT_CWD ?? '.', file);
}
