/**
 * Stands for `wrangler d1 execute DB --remote`: a SQLite file is the database (FAKE_D1), and every call is a
 * line of FAKE_LOG with its arguments and what its file was. Answers as wrangler does: a file has no rows.
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';

const { FAKE_D1 = '', FAKE_LOG = '', FAKE_FAULT } = process.env;
const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  strict: false,
  options: { command: { type: 'string' }, file: { type: 'string' } },
});
const { command, file } = values as { command?: string; file?: string };

appendFileSync(
  FAKE_LOG,
  `${JSON.stringify({
    args,
    ...(file !== undefined && {
      file,
      sql: readFileSync(file, 'utf8'),
      fileMode: (statSync(file).mode & 0o777).toString(8),
      folderMode: (statSync(dirname(file)).mode & 0o777).toString(8),
    }),
  })}\n`,
);

const fail = (text: string): never => {
  console.log(JSON.stringify({ error: { text } }));
  process.exit(1);
};
if (FAKE_FAULT && (FAKE_FAULT === 'all' || file !== undefined)) fail('the fault that was asked for');
if (!existsSync(FAKE_D1)) fail(`no database ${FAKE_D1}`);

const database = new DatabaseSync(FAKE_D1);
try {
  if (file !== undefined) {
    database.exec(`BEGIN; ${readFileSync(file, 'utf8')} COMMIT`);
    console.log(JSON.stringify([{ results: [{ 'Total queries executed': 1 }], success: true }]));
  } else {
    console.log(JSON.stringify([{ results: database.prepare(command ?? '').all(), success: true }]));
  }
} catch (error) {
  fail((error as Error).message);
}
