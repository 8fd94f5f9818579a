import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cell } from '../../scripts/import/id-map.ts';
import { type Imported, importBytes, importFile, type Options } from './support/import.ts';

const FOLDER = 'test/data/import-sources';
const importSource = (file: string, options: Options) => importFile(`${FOLDER}/${file}`, options);
const rowsOf = ({ database }: Imported) =>
  database.rows('SELECT * FROM users ORDER BY email').map((row) => ({
    ...row,
    date_joined: at(row.date_joined),
    last_login_at: at(row.last_login_at),
    email_verified_at: at(row.email_verified_at),
  }));
const at = (seconds: unknown) =>
  typeof seconds === 'number' ? new Date(seconds * 1_000).toISOString().slice(0, 19) : seconds;

const NOW = '2026-09-21T14:13:20';
const JOINED = '2024-02-29T23:59:59';
const MINA = { email: 'mina@example.com', name: 'Mina Kim', is_active: 1, is_staff: 0 };

describe('--from', () => {
  it('supabase keeps ids, confirmed addresses and names; banned and deleted people are inactive', async () => {
    const done = await importSource('supabase.csv', { from: 'supabase' });
    expect(rowsOf(done)).toMatchObject([
      { id: '2d8b3c5e-2f3a-4e57-9a43-0d3a7a1f4b12', email: 'banned@example.com', is_active: 0 },
      { id: '3d8b3c5e-2f3a-4e57-9a43-0d3a7a1f4b13', email: 'deleted@example.com', is_active: 0 },
      {
        ...MINA,
        id: '0d8b3c5e-2f3a-4e57-9a43-0d3a7a1f4b10',
        email_verified_at: '2024-03-01T08:59:59',
        date_joined: JOINED,
        last_login_at: '2026-01-02T03:04:05',
      },
      { email: 'social@example.com', name: 'Social', email_verified_at: '2024-03-01T08:59:59', is_active: 1 },
    ]);
    expect(done.findings.connections).toBe(1);
  });

  it('supabase reads the same as JSON, with the identities', async () => {
    const id = '0d8b3c5e-2f3a-4e57-9a43-0d3a7a1f4b10';
    const file = {
      users: [
        { id, email: 'mina@example.com', raw_user_meta_data: { name: 'Mina Kim' }, created_at: JOINED },
      ],
      identities: [
        { id: 'a', user_id: id, provider: 'google', identity_data: {} },
        { id: 'b', user_id: id, provider: 'email', identity_data: {} },
      ],
    };
    const done = await importBytes(Buffer.from(JSON.stringify(file)), { from: 'supabase' });
    expect(rowsOf(done)).toMatchObject([{ ...MINA, id, email_verified_at: null }]);
    expect(done.counts).toMatchObject({ read: 3, imported: 1, skipped: 1, parts: 1 });
  });

  it('better-auth joins its two tables, in either order', async () => {
    const file = JSON.parse(readFileSync(`${FOLDER}/better-auth.json`, 'utf8'));
    const turned = Buffer.from(JSON.stringify({ account: file.account, user: file.user }));
    for (const done of [
      await importSource('better-auth.json', { from: 'better-auth' }),
      await importBytes(turned, { from: 'better-auth' }),
    ]) {
      expect(rowsOf(done)).toMatchObject([
        { ...MINA, username: 'Mina_K', username_key: 'mina_k', email_verified_at: NOW },
        { email: 'neo@example.com', name: 'Neo', username: null, email_verified_at: null, is_active: 1 },
        { email: 'smith@example.com', is_active: 0, is_staff: 0 },
        { email: 'social@example.com', is_active: 1 },
      ]);
      expect(done.counts).toMatchObject({ read: 8, imported: 4, parts: 4 });
      expect(done.findings.connections).toBe(1);
      expect(done.outcomes.map((one) => one.outcome === 'imported' && one.person.passwordKind)).toEqual([
        ...Array(3).fill('hex_scrypt'),
        'no password',
      ]);
      expect(done.said).toMatch(/NOT IMPORTED.*: role, set for 4 of 4/);
    }
  });

  it('firebase reads the export, and reports its custom attributes', async () => {
    const done = await importSource('firebase.json', { from: 'firebase' });
    expect(rowsOf(done)).toMatchObject([
      {
        ...MINA,
        email_verified_at: NOW,
        date_joined: JOINED,
        last_login_at: '2026-01-02T03:04:05',
      },
      { email: 'social@example.com', is_active: 0 },
    ]);
    expect(done.findings.connections).toBe(1);
    expect(done.said).toMatch(/^Fields not imported.*customAttributes 1/m);
    expect(done.outcomes[0]).toMatchObject({ person: { passwordKind: 'firebase_scrypt' } });
  });

  it('auth0 joins its two exports', async () => {
    const done = await importSource('auth0.jsonl', { from: 'auth0' });
    expect(rowsOf(done)).toMatchObject([
      { ...MINA, username: 'mina', email_verified_at: NOW, date_joined: JOINED },
      { email: 'social@example.com', name: 'Social', is_active: 0 },
    ]);
    expect(done.counts).toMatchObject({ read: 3, imported: 2, parts: 1 });
    expect(done.outcomes[0]).toMatchObject({ person: { passwordKind: 'bcrypt' } });
    expect(done.findings.connections).toBe(1);
  });

  it('clerk reads its CSV', async () => {
    const done = await importSource('clerk.csv', { from: 'clerk' });
    expect(rowsOf(done)).toMatchObject([
      { ...MINA, username: 'mina', email_verified_at: NOW },
      { email: 'neo@example.com', name: 'Neo', username: null, email_verified_at: null },
    ]);
    expect(done.said).toMatch(/NOT IMPORTED.*: totp_secret, set for 1 of 1/);
    expect(done.outcomes[0]).toMatchObject({ person: { passwordKind: 'bcrypt' } });
  });

  it('clerk reads the JSON of its API', async () => {
    const done = await importSource('clerk.json', { from: 'clerk' });
    expect(rowsOf(done)).toMatchObject([
      { ...MINA, is_active: 0, username: 'mina', email_verified_at: NOW, date_joined: JOINED },
    ]);
    expect(done.said).toMatch(/NOT IMPORTED.*: two_factor_enabled, set for 1 of 1/);
  });

  it('csv reads the table of Laravel with two fields mapped', async () => {
    const done = await importSource('laravel.csv', { map: 'date_joined=created_at' });
    expect(rowsOf(done)).toMatchObject([
      { ...MINA, name: 'Kim, Mina', email_verified_at: '2024-03-01T08:59:59', date_joined: JOINED },
      { email: 'neo@example.com', email_verified_at: null },
    ]);
    expect(done.outcomes[0]).toMatchObject({ person: { passwordKind: 'bcrypt' } });
  });
});

describe('a cell of the id map', () => {
  it.each([
    ['7', '7'],
    ['-7', '-7'],
    ['auth0|5f7c', 'auth0|5f7c'],
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', "'+1"],
    ['@mina', "'@mina"],
    ['-2+3', "'-2+3"],
    ['\tx', "'\tx"],
    ['a,b', '"a,b"'],
    ['two\nlines', '"two\nlines"'],
  ])('%j is %s', (text, expected) => {
    expect(cell(text)).toBe(expected);
  });
});
