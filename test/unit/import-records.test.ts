import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Entry, readRecords, type Shape } from '../../scripts/import/records.ts';
import { readText } from '../../scripts/import/text.ts';

const UTF8 = new TextEncoder();
const JSON_ONLY: Shape = { wrappers: ['users', 'account'], csv: 'never' };

async function* inChunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(text: string | Uint8Array, size = 7, shape = JSON_ONLY): Promise<Entry[]> {
  const bytes = typeof text === 'string' ? UTF8.encode(text) : text;
  const entries: Entry[] = [];
  for await (const entry of readRecords(readText(inChunks(bytes, size)), shape)) entries.push(entry);
  return entries;
}

const records = [
  { model: 'auth.user', pk: 1, fields: { username: 'é한글😀', note: '] , } \\ " \\\\" \n' } },
  { model: 'auth.user', pk: 2, fields: { groups: [[1], { a: [] }], __proto__x: null } },
];
const asArray = records.map((value, i) => ({ place: { record: i + 1 }, value }));
const asLines = records.map((value, i) => ({ place: { line: i + 1 }, value }));
const lines = records.map((record) => JSON.stringify(record));
const utf16 = (text: string, bigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return new Uint8Array(bigEndian ? bytes.swap16() : bytes);
};
const SIZES = [1, 2, 3, 7, 64, 100_000];

describe('a file', () => {
  it.each<[string, string | Uint8Array]>([
    ['an array', JSON.stringify(records)],
    ['an indented array', JSON.stringify(records, null, 2)],
    ['an array after white space and before it', ` \r\n\t${JSON.stringify(records)}\n\n`],
    ['an array after a byte order mark', `\ufeff${JSON.stringify(records)}`],
    ['an array in UTF-16 with its mark', utf16(`\ufeff${JSON.stringify(records)}`)],
    ['an array in UTF-16 of the other order', utf16(`\ufeff${JSON.stringify(records)}`, true)],
    ['an array in UTF-16 without a mark', utf16(JSON.stringify(records))],
    ['a packed array', gzipSync(JSON.stringify(records))],
    ['two packed parts', Buffer.concat([gzipSync(`[${lines[0]},`), gzipSync(`${lines[1]}]`)])],
    ['two arrays one after the other', `[${lines[0]}]\n[${lines[1]}]`],
  ])('is read as %s, however it is split', async (_, text) => {
    for (const size of SIZES) expect(await read(text, size)).toEqual(asArray);
  });

  it.each([
    ['lines', lines.join('\n')],
    ['lines with an end', `${lines.join('\n')}\n`],
    ['lines of Windows', `${lines.join('\r\n')}\r\n`],
    ['lines after a byte order mark', `\ufeff${lines.join('\n')}`],
  ])('is read as %s, however it is split', async (_, text) => {
    for (const size of SIZES) expect(await read(text, size)).toEqual(asLines);
  });

  it('may have its arrays in an object', async () => {
    const text =
      '{"kind": "x",\n "users": [{"a": 1}, {"a": 2}], "next": null, "account": [{"b": "]"}], "n": 3}';
    for (const size of SIZES) {
      expect(await read(text, size)).toEqual([
        { place: { record: 1 }, value: { a: 1 }, group: 'users' },
        { place: { record: 2 }, value: { a: 2 }, group: 'users' },
        { place: { record: 3 }, value: { b: ']' }, group: 'account' },
      ]);
    }
  });

  it('may be an object over several lines', async () => {
    expect(await read('{\n  "a": {"users": 1}\n}\n')).toEqual([
      { place: { line: 1 }, value: { a: { users: 1 } } },
    ]);
  });

  it.each<[string, string, object[]]>([
    [
      'before an array',
      `Loading, please\n[${lines[0]}]`,
      [{ place: { line: 1 }, notData: 'Loading, please' }, asArray[0] ?? {}],
    ],
    [
      'before it, with a bracket',
      `[2024-05-01 10:00:00] INFO\n[\n${lines[0]}\n]`,
      [{ place: { line: 1 }, notData: '[2024-05-01 10:00:00] INFO' }, asArray[0] ?? {}],
    ],
    [
      'after it',
      `[${lines[0]}]\n\nDone in 3 s\nBye`,
      [
        asArray[0] ?? {},
        { place: { line: 3 }, notData: 'Done in 3 s' },
        { place: { line: 4 }, notData: 'Bye' },
      ],
    ],
    [
      'within it',
      `[\n${lines[0]},\nWarning: slow query\n${lines[1]}\n]`,
      [asArray[0] ?? {}, { place: { line: 3 }, notData: 'Warning: slow query' }, asArray[1] ?? {}],
    ],
    [
      'between lines',
      `Loaded\n${lines[0]}\n\nstill here\n`,
      [
        { place: { line: 1 }, notData: 'Loaded' },
        { place: { line: 2 }, value: records[0] },
        { place: { line: 4 }, notData: 'still here' },
      ],
    ],
  ])('with printed lines %s is read all the same', async (_, text, expected) => {
    for (const size of SIZES) expect(await read(text, size)).toEqual(expected);
  });

  it('is read on after what is not JSON, which is not quoted', async () => {
    expect(await read(`${lines[0]}\n{"password": "pbkdf2_sha256$secret\n${lines[1]}\n`)).toEqual([
      { place: { line: 1 }, value: records[0] },
      { place: { line: 2 }, fault: 'the line is not JSON' },
      { place: { line: 3 }, value: records[1] },
    ]);
    expect(await read('[{"a": 1}, {"password": "secret" "b"}, null]')).toEqual([
      { place: { record: 1 }, value: { a: 1 } },
      { place: { record: 2 }, fault: 'the record is not JSON' },
      { place: { record: 3 }, value: null },
    ]);
  });

  it('may be an empty array', async () => {
    expect(await read(' [ ] ')).toEqual([]);
  });

  it.each([
    ['', 'is empty'],
    [' \n\t', 'is empty'],
    ['"text"', 'No record was found'],
    ['SQLite format 3', 'is a SQLite database'],
    ['PGDMP and more of it', 'is a PostgreSQL dump'],
    ['PK\x03\x04 and more of it', 'is a ZIP archive'],
    ["INSERT INTO auth_user VALUES (1, 'secret');\n".repeat(2_000), 'SQL dumps cannot be read'],
    ['[{"a": 1}', 'in the middle of an array, after record 1'],
    ['[{"a": 1}, {"password": "pbkdf2_sha256$secret', 'in the middle of an array, after record 1'],
    ['{"users": [{"a": 1}]', 'in the middle of the object on line 1'],
    ['{\n "password": "secret"', 'in the middle of the object on line 1'],
  ])('that begins %.20j is refused: %s', async (text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence);
    await expect(read(text)).rejects.not.toThrow('secret');
  });

  it.each<[string, Uint8Array, string]>([
    ['Latin-1', Uint8Array.from([0x5b, 0x22, 0xe9, 0x22, 0x5d]), 'neither UTF-8 nor UTF-16'],
    ['cut within a character', Uint8Array.from([0x5b, 0x22, 0xed, 0x95]), 'neither UTF-8 nor UTF-16'],
    ['packed and cut off', gzipSync(lines.join('\n')).subarray(0, 60), 'cannot be unpacked'],
  ])('in %s is refused', async (_, bytes, sentence) => {
    await expect(read(bytes)).rejects.toThrow(sentence);
  });

  it('passes on the error of its stream', async () => {
    const broken = (async function* () {
      yield UTF8.encode('[{"a": 1}, ');
      throw new RangeError('the disk is gone');
    })();
    const all = async () => {
      for await (const _ of readRecords(readText(broken), JSON_ONLY));
    };
    await expect(all()).rejects.toThrow('the disk is gone');
  });

  const filler = 'x'.repeat(150);
  it.each([
    ['an array', '[', '\n,', ']'],
    ['lines', '', '\n', ''],
  ])('of 20 MB as %s is never held in memory as a whole', async (_, head, between, tail) => {
    const RECORDS = 100_000;
    const RECORDS_PER_CHUNK = 500;
    let chunksGiven = 0;
    const source = (async function* () {
      yield UTF8.encode(head + ' '.repeat(16));
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
    for await (const entry of readRecords(readText(source), JSON_ONLY)) {
      if (!('value' in entry) || (entry.value as { pk: number }).pk !== count) break;
      mostAhead = Math.max(mostAhead, chunksGiven * RECORDS_PER_CHUNK - count);
      count += 1;
    }
    expect(count).toBe(RECORDS);
    expect(mostAhead).toBeLessThanOrEqual(3 * RECORDS_PER_CHUNK);
  });

  it('is closed when its reader stops', async () => {
    let closed = false;
    const source = (async function* () {
      try {
        for (let i = 0; ; i += 1) yield UTF8.encode(`{"pk": ${i}}\n`);
      } finally {
        closed = true;
      }
    })();
    for await (const _ of readRecords(readText(source), JSON_ONLY)) break;
    expect(closed).toBe(true);
  });
});

describe('CSV', () => {
  const csv: Shape = { wrappers: [], csv: 'always' };
  it.each([
    ['commas', 'id,email,name\n1,a@example.com,"Kim, Mina"\n'],
    ['semicolons', 'id;email;name\r\n1;a@example.com;"Kim, Mina"\r\n'],
    ['tabs', '\ufeffid\temail\tname\n1\ta@example.com\tKim, Mina'],
  ])('with %s is records of text', async (_, text) => {
    for (const size of [1, 5, 1_000]) {
      expect(await read(text, size, csv)).toEqual([
        { place: { line: 2 }, value: { id: '1', email: 'a@example.com', name: 'Kim, Mina' } },
      ]);
    }
  });

  it('may have line breaks in cells, a printed line before it, and rows that are too short', async () => {
    const text = 'Welcome\nid,email,name\n1,a@example.com,"two\nlines"\n2,b@example.com\nBye\n';
    expect(await read(text, 5, { wrappers: [], csv: 'header' })).toEqual([
      { place: { line: 1 }, notData: 'Welcome' },
      { place: { line: 4 }, value: { id: '1', email: 'a@example.com', name: 'two\nlines' } },
      { place: { line: 5 }, fault: '2 columns, but the header has 3' },
      { place: { line: 6 }, notData: 'Bye' },
    ]);
  });

  it('with a quote that is never closed is refused', async () => {
    await expect(read('id,email\n1,"secret\n', 5, csv)).rejects.toThrow(/The CSV is malformed .*QUOTE/);
  });
});
