/**
 * Reads `manage.py dumpdata`, one JSON array of any size or JSON lines, record by record. Holds one chunk and
 * one record at a time. What a record says is not looked at here.
 */
import { gen, none } from 'stream-chain/core';
import { lines } from 'stream-chain/utils/lines.js';
import { parser } from 'stream-json/core/parser.js';
import { streamArray } from 'stream-json/core/streamers/stream-array.js';
import { ScriptFault } from './fault.ts';

/** Where a record stands, from 1: its number in the array, or its line. */
export type Place = { record: number } | { line: number };
export type Entry = { place: Place } & ({ value: unknown } | { fault: string });

type Parser = (chunk: string | typeof none) => AsyncIterable<Entry>;

/**
 * Throws a ScriptFault for what is neither kind, not UTF-8, or an array that is broken off. A line that is not
 * JSON is an entry with a fault, and the lines after it are read. No message holds a piece of the file.
 */
export async function* readDump(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Entry> {
  let parse: Parser | undefined;
  let head = '';
  for await (const chunk of decode(bytes)) {
    if (parse) {
      yield* parse(chunk);
      continue;
    }
    head += chunk;
    const first = head.trimStart().charAt(0);
    if (first === '') continue;
    parse = parserFor(first);
    yield* parse(head);
  }
  if (!parse) throw new ScriptFault('The file is empty.');
  yield* parse(none);
}

function parserFor(first: string): Parser {
  if (first === '[') return arrayParser();
  if (first === '{') return linesParser();
  throw new ScriptFault('The file is neither a JSON array nor JSON lines.');
}

function arrayParser(): Parser {
  let record = 0;
  const parse = gen(parser({ streamValues: false }), streamArray()) as (
    chunk: string | typeof none,
  ) => AsyncIterable<{ value: unknown }>;
  return async function* (chunk) {
    try {
      for await (const { value } of parse(chunk)) {
        record += 1;
        yield { place: { record }, value };
      }
    } catch (error) {
      throw new ScriptFault(
        `The JSON is broken somewhere after record ${record}: ${(error as Error).message}`,
      );
    }
  };
}

function linesParser(): Parser {
  let line = 0;
  const split = gen(lines()) as (chunk: string | typeof none) => AsyncIterable<string>;
  return async function* (chunk) {
    for await (const text of split(chunk)) {
      line += 1;
      if (text.trim() !== '') yield { place: { line }, ...parseLine(text) };
    }
  };
}

/** The message of a SyntaxError quotes the line, hash and all: it is not handed on. */
function parseLine(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { fault: 'the line is not JSON' };
  }
}

async function* decode(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ScriptFault(
      'The file is not UTF-8 text. Unpack a compressed one; PowerShell’s `>` writes UTF-16, `dumpdata -o FILE` does not.',
    );
  }
}
