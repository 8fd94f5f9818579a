/** Secrets of the development server: random, made the first time, kept in .dev.vars and never overwritten. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holding } from '../lock.ts';
import { NEW_SECRETS } from '../new-secrets.ts';
import type { DevOptions } from './options.ts';

/** The file wrangler reads: beside the configuration; that of the environment, where there is one. */
export function devVarsFile({
  configFile,
  environment,
}: Pick<DevOptions, 'configFile' | 'environment'>): string {
  const file = join(dirname(configFile), '.dev.vars');
  const ofEnvironment = `${file}.${environment}`;
  return environment && existsSync(ofEnvironment) ? ofEnvironment : file;
}

export const readDevVars = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Adds what the file lacks, and returns the names. What is there stays as it is. */
export async function ensureSecrets(
  file: string,
  values: Readonly<Record<string, () => string>> = NEW_SECRETS,
): Promise<string[]> {
  const missing = () => {
    const text = readDevVars(file);
    return Object.keys(values).filter(
      (name) => !new RegExp(`^\\s*(export\\s+)?${name}\\s*[=:]`, 'm').test(text),
    );
  };
  if (missing().length === 0) return [];
  return holding(`${file}.lock`, async () => {
    const names = missing();
    const text = readDevVars(file);
    const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n';
    const lines = names.map((name) => `${name}=${values[name]?.()}\n`).join('');
    if (names.length > 0) appendFileSync(file, lineBreak + lines, { mode: 0o600 });
    return names;
  });
}
