/**
 * Text as records: a JSON array, an object whose members are such arrays, JSON lines, or CSV. What a program
 * printed before, between or after them is an entry of its own, and the rest is read. Holds one chunk and one
 * record at a time. What a record says is not looked at here.
 */
import { ScriptFault } from '../lib/fault.ts';
import { csvDelimiter, readCsv } from './csv.ts';
import { openWindow, skipSpace, takeLine, takeValue, type Window } from './scan.ts';

/** Where a record is, from 1: its number among the records of arrays, or its line. */
export type Place = { record: number } | { line: number };
/** `group`: the member of the object around the array, where there is one. */
export type Entry = { place: Place } & (
  | { value: unknown; group?: string }
  | { fault: string; group?: string }
  | { notData: string }
);

export interface Shape {
  /** Members of an object around everything whose arrays hold records. */
  wrappers: readonly string[];
  /** `header`: where the first line names a known column; `always`: the first line is the header. */
  csv: 'never' | 'header' | 'always';
}

/** So many lines of something else before the first record: it is another kind of file. */
const MAX_LINES_BEFORE = 1_000;
const NO_RECORDS =
  'No record was found: the file is neither a JSON array nor JSON lines nor CSV. SQL dumps are not read: export the table of users as JSON or CSV.';

/** Throws a ScriptFault where nothing is a record or the file ends within one. No message quotes the file. */
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

/** `[2024-05-01 10:00:00] INFO` begins with a bracket too. */
async function arrayBegins(window: Window): Promise<'array' | null> {
  for (;;) {
    if (matches(ARRAY, window)) return 'array';
    if (!matches(ARRAY_SO_FAR, window) || !(await window.more())) return null;
  }
}

/** So much of an object's beginning is looked at. */
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

/** An object by itself: a line, or several where only the bracket is on the first. */
async function looseObject(window: Window): Promise<Entry> {
  const place = { line: window.line };
  while (!window.text.includes('\n', window.at)) if (!(await window.more())) break;
  if (/\{[^\S\n]*(?:\n|$)/y.test(window.text.slice(window.at, window.at + BEGINNING_LENGTH))) {
    const text = await takeValue(window);
    if (text === null) throw brokenOff(`the object of line ${place.line}`);
    return { place, ...parse(text, 'the object is not JSON') };
  }
  return { place, ...parse(await takeLine(window), 'the line is not JSON') };
}

/** What an array may hold beside objects: no record, but no printed line either. */
const LITERAL = /(?:null|true|false|-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*")(?=\s*[,\]])/y;

async function literalBegins(window: Window): Promise<boolean> {
  const end = /[,\]\n]/g;
  do end.lastIndex = window.at;
  while (!end.test(window.text) && (await window.more()));
  return matches(LITERAL, window);
}

/** The records of an array; what stands between two of them and is none is a printed line. */
async function* arrayOf(window: Window, count: { records: number }, group?: string): AsyncGenerator<Entry> {
  window.take(window.at + 1);
  const within = () => brokenOff(`an array, after record ${count.records}`);
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
  const within = () => brokenOff(`the object of line ${line}`);
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

const brokenOff = (where: string) =>
  new ScriptFault(`The file ends in the middle of ${where}. Nothing was imported: get the whole file.`);

/** The message of a SyntaxError quotes the text, hash and all: it is not passed on. */
function parse(text: string, fault: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { fault };
  }
}
