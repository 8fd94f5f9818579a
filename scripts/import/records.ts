/**
 * Splits text into records: of a JSON array, of an object whose members are such arrays, of JSON lines, or of CSV. Lines
 * that a program printed before, between or after them become entries of their own. Holds one chunk and one record at a
 * time. Does not look into records.
 */
import { ScriptFault } from '../lib/fault.ts';
import { csvDelimiter, readCsv } from './csv.ts';
import { openWindow, skipSpace, takeLine, takeValue, type Window } from './scan.ts';

/** Where a record is, counted from 1: its number among the records of arrays, or its line. */
export type Place = { record: number } | { line: number };
/** `group`: the name of the array, if it is a member of an object. */
export type Entry = { place: Place } & (
  | { value: unknown; group?: string }
  | { fault: string; group?: string }
  | { notData: string }
);

export interface Shape {
  /** Members of an enclosing object whose arrays hold records. */
  wrappers: readonly string[];
  /** `header`: if the first line names a known column; `always`: the first line is the header. */
  csv: 'never' | 'header' | 'always';
}

/** After this many other lines without a record, it is another kind of file. */
const MAX_LINES_BEFORE = 1_000;
const NO_RECORDS =
  'No record was found: the file is neither a JSON array nor JSON lines nor CSV. SQL dumps cannot be read: export the table of users as JSON or CSV.';

/** Throws a ScriptFault if there is no record or the file ends within one. No message quotes the file. */
export async function* readRecords(text: AsyncIterable<string>, shape: Shape): AsyncGenerator<Entry> {
  const chunks = text[Symbol.asyncIterator]();
  try {
    yield* documentOf(openWindow(chunks), chunks, shape);
  } finally {
    await chunks.return?.();
  }
}

async function* documentOf(
  window: Window,
  chunks: AsyncIterator<string>,
  shape: Shape,
): AsyncGenerator<Entry> {
  const count = { records: 0 };
  let found = false;
  let strange = 0;
  for (;;) {
    const first = await skipSpace(window);
    if (first === '') break;
    const begins =
      first === '[' ? await arrayBegins(window) : first === '{' && (await objectBegins(window, shape));
    if (begins) found = true;
    if (begins === 'array') yield* arrayOf(window, count);
    else if (begins === 'wrapper') yield* wrapperOf(window, count);
    else if (begins === 'object') yield await looseObject(window);
    else {
      const { line } = window;
      const delimiter = found ? null : await csvBegins(window, shape);
      if (delimiter !== null) {
        yield* readCsv(window, chunks, delimiter);
        return;
      }
      yield { place: { line }, notData: await takeLine(window) };
      strange += 1;
      if (!found && strange > MAX_LINES_BEFORE) throw new ScriptFault(NO_RECORDS);
    }
  }
  if (found) return;
  throw new ScriptFault(strange > 0 ? NO_RECORDS : 'The file is empty.');
}

const ARRAY = /\[\s*(?:\]|\{\s*(?:"|\}))/y;
const ARRAY_SO_FAR = /\[\s*(?:\{\s*)?$/y;

/** A log line such as `[2024-05-01 10:00:00] INFO` starts with a bracket too. */
async function arrayBegins(window: Window): Promise<'array' | null> {
  for (;;) {
    if (matches(ARRAY, window)) return 'array';
    if (!matches(ARRAY_SO_FAR, window) || !(await window.more())) return null;
  }
}

/** How much of an object is examined. */
const BEGINNING_LENGTH = 1_024;

async function objectBegins(window: Window, { wrappers }: Shape): Promise<'wrapper' | 'object'> {
  const names = wrappers.join('|');
  const counts = '(?:"(?:kind|count|total|start|limit|length)"\\s*:\\s*(?:"[^"]*"|\\d+)\\s*,\\s*)*';
  const wrapper = new RegExp(`\\{\\s*${counts}"(?:${names})"\\s*:\\s*\\[\\s*[{\\]]`, 'y');
  for (;;) {
    if (names !== '' && matches(wrapper, window)) return 'wrapper';
    const seen = window.text.length - window.at;
    if (names === '' || seen >= BEGINNING_LENGTH || !(await window.more())) return 'object';
  }
}

function matches(pattern: RegExp, window: Window): boolean {
  pattern.lastIndex = window.at;
  return pattern.test(window.text);
}

/** An object outside any array: one line, or several if the first has only the bracket. */
async function looseObject(window: Window): Promise<Entry> {
  const place = { line: window.line };
  while (!window.text.includes('\n', window.at)) if (!(await window.more())) break;
  if (/\{[^\S\n]*(?:\n|$)/y.test(window.text.slice(window.at, window.at + BEGINNING_LENGTH))) {
    const text = await takeValue(window);
    if (text === null) throw endsWithin(`the object on line ${place.line}`);
    return { place, ...parse(text, 'the object is not JSON') };
  }
  return { place, ...parse(await takeLine(window), 'the line is not JSON') };
}

/** A value in an array that is not an object: not a record of a user, but not a printed line either. */
const LITERAL = /(?:null|true|false|-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*")(?=\s*[,\]])/y;

async function literalBegins(window: Window): Promise<boolean> {
  const end = /[,\]\n]/g;
  do end.lastIndex = window.at;
  while (!end.test(window.text) && (await window.more()));
  return matches(LITERAL, window);
}

/** The records of an array; anything else between two of them is a printed line. */
async function* arrayOf(window: Window, count: { records: number }, group?: string): AsyncGenerator<Entry> {
  window.take(window.at + 1);
  const within = () => endsWithin(`an array, after record ${count.records}`);
  for (let first = await skipSpace(window); ; first = await skipSpace(window)) {
    if (first === '') throw within();
    if (first === ']') {
      window.take(window.at + 1);
      return;
    }
    if (first === ',') window.take(window.at + 1);
    else if (first === '{' || (await literalBegins(window))) {
      const text = await takeValue(window);
      if (text === null) throw within();
      count.records += 1;
      const entry = { place: { record: count.records }, ...parse(text, 'the record is not JSON') };
      yield group === undefined ? entry : { ...entry, group };
    } else {
      yield { place: { line: window.line }, notData: await takeLine(window) };
    }
  }
}

async function* wrapperOf(window: Window, count: { records: number }): AsyncGenerator<Entry> {
  const { line } = window;
  const within = () => endsWithin(`the object on line ${line}`);
  window.take(window.at + 1);
  for (let first = await skipSpace(window); ; first = await skipSpace(window)) {
    if (first === '') throw within();
    if (first === '}') {
      window.take(window.at + 1);
      return;
    }
    if (first === ',') {
      window.take(window.at + 1);
      continue;
    }
    const key = await takeValue(window);
    const colon = await skipSpace(window);
    const name = key === null ? null : parse(key, '');
    if (colon !== ':' || name === null || !('value' in name)) throw within();
    window.take(window.at + 1);
    if ((await skipSpace(window)) === '[') yield* arrayOf(window, count, String(name.value));
    else if ((await takeValue(window)) === null) throw within();
  }
}

async function csvBegins(window: Window, { csv }: Shape): Promise<string | null> {
  if (csv === 'never') return null;
  while (!window.text.includes('\n', window.at)) if (!(await window.more())) break;
  const end = window.text.indexOf('\n', window.at);
  const header = window.text.slice(window.at, end < 0 ? undefined : end);
  return csvDelimiter(header, csv === 'always');
}

const endsWithin = (where: string) =>
  new ScriptFault(`The file ends in the middle of ${where}. Nothing was imported: get the complete file.`);

/** The message of a SyntaxError quotes the text, which may contain a hash, so it is not passed on. */
function parse(text: string, fault: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { fault };
  }
}
