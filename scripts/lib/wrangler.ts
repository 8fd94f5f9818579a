/**
 * Runs wrangler as a child process with the script's own Node. Standard input is closed, so it never prompts. It has its
 * own process group, so that Ctrl-C reaches only the script, which ends after the current step.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { ScriptFault } from './fault.ts';
import { root } from './project.ts';

export const wranglerEnvironment = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
};

export type Wrangler = (
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
) => Promise<{ code: number; stdout: string; stderr: string }>;

/** `cli` returns the path of the program: another one only in tests. */
export function wranglerAt(cli: () => string): Wrangler {
  return (args, environment) =>
    new Promise((done, failed) => {
      const child = spawn(process.execPath, ['--no-warnings', cli(), ...args], {
        cwd: root,
        env: { ...wranglerEnvironment, ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        windowsHide: true,
      });
      const kill = () => child.kill();
      process.once('exit', kill);
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (chunk) => stdout.push(chunk));
      child.stderr.on('data', (chunk) => stderr.push(chunk));
      child.on('error', failed);
      child.on('close', (code) => {
        process.off('exit', kill);
        done({
          code: code ?? 1,
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        });
      });
    });
}

const notInstalled = () => new ScriptFault('wrangler is not installed: npm install --save-dev wrangler');

/** Not bin/wrangler.js: that starts a second process and does not pass signals on to it. */
function wranglerCli(): string {
  try {
    return createRequire(import.meta.url).resolve('wrangler');
  } catch {
    throw notInstalled();
  }
}

/** wrangler as a library: an optional peer dependency of the package. Takes a second to load. */
export async function importWrangler(): Promise<typeof import('wrangler')> {
  try {
    return await import('wrangler');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw notInstalled();
  }
}

export const wrangler: Wrangler = wranglerAt(wranglerCli);
