/**
 * A remote D1 through `wrangler d1 execute --remote`. Its limits: it binds no values; a file returns no rows, and while
 * wrangler imports one the database answers no other query (for seconds); the text of a command shows in the machine's
 * process list. So writes go through a file that only its owner can read, and reads contain ids and addresses but never
 * a hash.
 */
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { withPrivateFile } from './private-file.ts';
import { STATEMENT_MAX_BYTES } from './sql.ts';
import type { Wrangler } from './wrangler.ts';

/** Windows limits a command line to 32,767 characters; Linux limits one argument to 128 KiB. */
const COMMAND_MAX_BYTES = process.platform === 'win32' ? 30_000 : STATEMENT_MAX_BYTES;

export function remoteD1(wrangler: Wrangler, environment?: string): D1Writer {
  const execute = async (...args: string[]): Promise<string> => {
    const chosen = environment === undefined ? [] : ['--env', environment];
    const { code, stdout, stderr } = await wrangler([
      ...['d1', 'execute', 'DB', '--remote', '--json', ...chosen],
      ...args,
    ]);
    if (code !== 0)
      throw new ScriptFault(`wrangler d1 execute: ${errorText(stdout) || stderr.trim() || code}`);
    return stdout;
  };

  return {
    readMaxBytes: COMMAND_MAX_BYTES,
    read: async <Row>(sql: string) => {
      const answers = JSON.parse(await execute('--command', sql)) as { results: Row[] }[];
      return answers[0]?.results ?? [];
    },
    write: async (statements) => {
      await withPrivateFile('write.sql', `${statements.join(';\n')};\n`, (file) =>
        execute('--yes', '--file', file),
      );
    },
    close: async () => {},
  };
}

/** With `--json` wrangler prints the error on standard output. */
function errorText(stdout: string): string {
  try {
    return (JSON.parse(stdout) as { error?: { text?: string } }).error?.text ?? '';
  } catch {
    return stdout.trim();
  }
}
