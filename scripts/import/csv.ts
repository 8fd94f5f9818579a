/** Reads CSV with a header line as records of text. Throws a ScriptFault for a quote that is never closed. */
import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { ScriptFault } from '../lib/fault.ts';
import type { Entry } from './records.ts';
import type { Window } from './scan.ts';

const DELIMITERS = [',', ';', '\t'] as const;
/** A line that names one of these columns is a header. */
const KNOWN = /^(?:email|email_address|primary_email_address|e-mail|username|user_id|encrypted_password)$/i;

/** The delimiter of this header; null if it is not a header. `certain`: the line is known to be one. */
export function csvDelimiter(header: string, certain: boolean): string | null {
  const columns = (delimiter: string) =>
    header.split(delimiter).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const known = DELIMITERS.find((delimiter) => columns(delimiter).some((name) => KNOWN.test(name)));
  if (known !== undefined || !certain) return known ?? null;
  const counted = DELIMITERS.map((delimiter) => ({ delimiter, n: columns(delimiter).length }));
  const most = counted.reduce((a, b) => (b.n > a.n ? b : a));
  return most.n > 1 ? most.delimiter : null;
}

export async function* readCsv(
  window: Window,
  chunks: AsyncIterator<string>,
  delimiter: string,
): AsyncGenerator<Entry> {
  const offset = window.line - 1;
  const parser = Readable.from(rest(window, chunks)).pipe(
    parse({ delimiter, relaxColumnCount: true, skipEmptyLines: true, trim: false, info: true }),
  );
  let header: string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      const place = { line: offset + info.lines };
      if (header === undefined) {
        header = record.map((name) => name.trim());
      } else if (record.length === 1 && header.length > 1) {
        yield { place, notData: record[0] ?? '' };
      } else if (record.length !== header.length) {
        yield { place, fault: `${record.length} columns, but the header has ${header.length}` };
      } else {
        const cells = record.map((text, i) => [header?.[i] ?? '', text]);
        yield { place, value: Object.fromEntries(cells) };
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ScriptFault(`The CSV is malformed (${error.code}). Nothing was imported.`);
  }
}

async function* rest(window: Window, chunks: AsyncIterator<string>) {
  yield window.text.slice(window.at);
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return;
    yield value;
  }
}
