import { describe, expect, it } from 'vitest';
import { type Entry, readDump } from '../../scripts/lib/dump.ts';

const UTF8 = new TextEncoder();

async function* inChunks(text: string | Uint8Array, size: number) {
  const bytes = typeof text === 'string' ? UTF8.encode(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function all(source: AsyncIterable<Uint8Array>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readDump(source)) entries.push(entry);
  return entries;
}

const read = (text: string | Uint8Array, size = 7) => all(inChunks(text, size));

const records = [
  { model: 'auth.user', pk: 1, fields: { username: 'é한글😀', note: '] , } \\ " \n' } },
  { model: 'auth.user', pk: 2, fields: { groups: [[1], { a: [] }], __proto__x: null } },
];
const asArray = records.map((value, i) => ({ place: { record: i + 1 }, value }));
const asLines = records.map((value, i) => ({ place: { line: i + 1 }, value }));
const lines = records.map((record) => JSON.stringify(record));

describe('a dump', () => {
  it.each([
    ['an array', JSON.stringify(records)],
    ['an indented array', JSON.stringify(records, null, 2)],
    ['an array after white space and before it', ` \r\n\t${JSON.stringify(records)}\n\n`],
    ['an array after a byte order mark', `\ufeff${JSON.stringify(records)}`],
  ])('is read as %s, however it is cut', async (_, text) => {
    for (const size of [1, 2, 3, 7, 64, 100_000]) expect(await read(text, size)).toEqual(asArray);
  });

  it.each([
    ['lines', lines.join('\n')],
    ['lines with an end', `${lines.join('\n')}\n`],
    ['lines of Windows', `${lines.join('\r\n')}\r\n`],
    ['lines after a byte order mark', `\ufeff${lines.join('\n')}`],
  ])('is read as %s, however it is cut', async (_, text) => {
    for (const size of [1, 2, 3, 7, 64, 100_000]) expect(await read(text, size)).toEqual(asLines);
  });

  it('counts blank lines and yields nothing for them', async () => {
    expect(await read(`\n${lines[0]}\n \n\n${lines[1]}`)).toEqual([
      { place: { line: 2 }, value: records[0] },
      { place: { line: 5 }, value: records[1] },
    ]);
  });

  it('goes on after a line that is not JSON, and does not repeat what stood there', async () => {
    const entries = await read(`${lines[0]}\n{"password": "pbkdf2_sha256$secret\n${lines[1]}\n`);
    expect(entries).toEqual([
      { place: { line: 1 }, value: records[0] },
      { place: { line: 2 }, fault: 'the line is not JSON' },
      { place: { line: 3 }, value: records[1] },
    ]);
  });

  it('may be an empty array', async () => {
    expect(await read(' [ ] ')).toEqual([]);
  });

  it.each([
    ['', 'empty'],
    [' \n\t', 'empty'],
    ['"text"', 'neither a JSON array nor JSON lines'],
    ['SQLite format 3', 'neither a JSON array nor JSON lines'],
    ['[{"a": 1}', 'broken somewhere after record'],
    ['[{"a": 1}, {"password": "pbkdf2_sha256$secret', 'broken somewhere after record'],
    ['[{"a": 1}, {"password": "pbkdf2_sha256$secret" "b"}]', 'broken somewhere after record'],
    ['[{"a": 1}, {"b": 2}] {', 'broken somewhere after record'],
    ['[{"a": 1},]', 'broken somewhere after record'],
  ])('that is %j is refused: %s', async (text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence);
    await expect(read(text)).rejects.not.toThrow('secret');
  });

  it.each([
    ['UTF-16, as PowerShell writes it', [0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00]],
    ['Latin-1', [0x5b, 0x22, 0xe9, 0x22, 0x5d]],
    ['cut within a character', [0x5b, 0x22, 0xed, 0x95]],
  ])('in %s is refused', async (_, bytes) => {
    await expect(read(Uint8Array.from(bytes))).rejects.toThrow('not UTF-8');
  });

  it('hands on the error of what it reads from', async () => {
    const broken = (async function* () {
      yield UTF8.encode('[{"a": 1}, ');
      throw new RangeError('the disk is gone');
    })();
    await expect(all(broken)).rejects.toThrow('the disk is gone');
  });

  const filler = 'x'.repeat(150);
  it.each([
    ['an array', '[', '\n,', ']'],
    ['lines', '', '\n', ''],
  ])('of 20 MB as %s is never held whole', async (_, head, between, tail) => {
    const RECORDS = 100_000;
    const RECORDS_PER_CHUNK = 500;
    let chunksGiven = 0;
    const source = (async function* () {
      yield UTF8.encode(head);
      for (let from = 0; from < RECORDS; from += RECORDS_PER_CHUNK) {
        const pks = Array.from({ length: RECORDS_PER_CHUNK }, (_, i) => from + i);
        chunksGiven += 1;
        yield UTF8.encode(
          (from > 0 ? between : '') +
            pks.map((pk) => `{"pk": ${pk}, "fields": {"name": "${filler}"}}`).join(between),
        );
      }
      yield UTF8.encode(tail);
    })();

    let count = 0;
    let mostAhead = 0;
    for await (const entry of readDump(source)) {
      if (!('value' in entry) || (entry.value as { pk: number }).pk !== count) break;
      mostAhead = Math.max(mostAhead, chunksGiven * RECORDS_PER_CHUNK - count);
      count += 1;
    }
    expect(count).toBe(RECORDS);
    expect(mostAhead).toBeLessThanOrEqual(2 * RECORDS_PER_CHUNK);
  });

  it('is let go when its reader stops', async () => {
    let closed = false;
    const source = (async function* () {
      try {
        for (let i = 0; ; i += 1) yield UTF8.encode(`{"pk": ${i}}\n`);
      } finally {
        closed = true;
      }
    })();
    for await (const _ of readDump(source)) break;
    expect(closed).toBe(true);
  });
});
