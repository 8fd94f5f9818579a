/** The scripts as a person runs them, on a state folder of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { wrangler } from '../../../scripts/lib/wrangler.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hono-accounts-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
}

export interface Ended {
  /** 128 + the signal that ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** `started` is given the process, to be ended or watched. */
export function run(
  script: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; started?: (child: ChildProcess) => void } = {},
): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], {
      env: { ...process.env, PASSWORD_ITERATIONS: '1000', ...options.env },
      stdio: 'pipe',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (output.stdout += chunk));
    child.stderr.on('data', (chunk) => (output.stderr += chunk));
    child.on('error', failed);
    child.on('close', (code, signal) =>
      done({ code: code ?? (signal === 'SIGKILL' ? 137 : 143), ...output }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    options.started?.(child);
  });
}

/** Rows of the local D1, as wrangler reads them. */
export async function rowsOf<Row>(state: string, sql: string): Promise<Row[]> {
  const { code, stdout, stderr } = await wrangler([
    ...['d1', 'execute', 'DB', '--local', '--persist-to', state],
    ...['--json', '--command', sql],
  ]);
  if (code !== 0) throw new Error(stdout + stderr);
  return (JSON.parse(stdout) as { results: Row[] }[])[0]?.results ?? [];
}
