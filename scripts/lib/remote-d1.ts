/**
 * Cloudflare's D1 through `wrangler d1 execute --remote`. Weaknesses: it binds no values; a file answers no
 * rows, and while it is imported the database answers nobody else (seconds); the text of a command can be seen
 * in this machine's list of processes. So what is written goes through a file that only this user can read,
 * and what is read names ids and addresses, never a hash.
 */
import type { D1Writer } from './d1-writer.ts';
import { ScriptFault } from './fault.ts';
import { withPrivateFile } from './private-file.ts';
import { STATEMENT_MAX_BYTES } from './sql.ts';
import type { Wrangler } from './wrangler.ts';

/** Windows holds a command line to 32,767 characters; Linux holds one argument to 128 KiB. */
const COMMAND_MAX_BYTES = process.platform === 'win32' ? 30_000 : STATEMENT_MAX_BYTES;

export function remoteD1(wrangler: Wrangler, environment?: string): D1Writer {
  const execute = async (...args: string[]): Promise<string> => {
    const chosen = environment === undefined ? [] : ['--env', environment];
    const { code, stdout, stderr } = await wrangler([
      ...['d1', 'execute', 'DB', '--remote', '--json', ...chosen],
      ...args,
    ]);
    if (code !== 0)
      throw new ScriptFault(`wrangler d1 execute: ${complaint(stdout) || stderr.trim() || code}`);
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

/** With `--json` wrangler says on standard output what failed. */
function complaint(stdout: string): string {
  try {
    return (JSON.parse(stdout) as { error?: { text?: string } }).error?.text ?? '';
  } catch {
    return stdout.trim();
  }
}
