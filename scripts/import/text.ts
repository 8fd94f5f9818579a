/**
 * Decodes the bytes of a file as text: unpacks gzip, and decodes UTF-8 or UTF-16. Holds one chunk at a time. Throws a
 * ScriptFault, which never quotes the file.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ScriptFault } from '../lib/fault.ts';

type Bytes = AsyncIterable<Uint8Array>;

/** Files that are not text, by their first bytes, and what to do about it. */
const NO_TEXT: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'The file is a ZIP archive: unpack it first.'],
  ['SQLite format 3', 'The file is a SQLite database: export the table of users as JSON or CSV.'],
  ['PGDMP', 'The file is a PostgreSQL dump: export the table of users as JSON or CSV.'],
];
const HEAD_BYTES = 16;

export async function* readText(bytes: Bytes): AsyncGenerator<string> {
  const packed = await withHead(bytes);
  const { head, all } = isGzip(packed.head) ? await withHead(gunzip(packed.all)) : packed;
  const start = Buffer.from(head).toString('latin1');
  const fault = NO_TEXT.find(([mark]) => start.startsWith(mark));
  if (fault) throw new ScriptFault(fault[1]);
  yield* decode(all, encodingOf(head));
}

/** Returns the first bytes, and all bytes including those. */
async function withHead(bytes: Bytes): Promise<{ head: Uint8Array; all: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const { value, done } = await iterator.next();
    if (done) break;
    first.push(value);
    length += value.length;
  }
  async function* all() {
    try {
      yield* first;
      for (;;) {
        const { value, done } = await iterator.next();
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(first).subarray(0, HEAD_BYTES), all: all() };
}

const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

async function* gunzip(bytes: Bytes): Bytes {
  const unpack = createGunzip({ chunkSize: 256 * 1_024 });
  const piped = pipeline(Readable.from(bytes), unpack).catch(() => {});
  try {
    yield* unpack;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw new ScriptFault('The gzip file is damaged and cannot be unpacked completely.');
  } finally {
    unpack.destroy();
    await piped;
  }
}

/** By the byte order mark; without one, a zero byte next to the first (ASCII) character means UTF-16. */
function encodingOf([first = 1, second = 1]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if ((first === 0xff && second === 0xfe) || second === 0) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || first === 0) return 'utf-16be';
  return 'utf-8';
}

async function* decode(bytes: Bytes, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw new ScriptFault('The file is neither UTF-8 nor UTF-16 text: convert it to UTF-8 first.');
    }
  };
  for await (const chunk of bytes) yield decoded(chunk);
  yield decoded();
}
