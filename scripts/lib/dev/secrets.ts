/** Secrets of the development server: generated once, kept in .dev.vars and never overwritten. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { holding } from '../lock.ts';
import { NEW_SECRETS } from '../new-secrets.ts';
import type { DevOptions } from './options.ts';

/** The file that wrangler reads, next to the configuration: that of the environment if it exists. */
export function devVarsFile({
  configFile,
  environment,
}: Pick<DevOptions, 'configFile' | 'environment'>): string {
  const file = join(dirname(configFile), '.dev.vars');
  const ofEnvironment = `${file}.${environment}`;
  return environment && existsSync(ofEnvironment) ? ofEnvironment : file;
}

export const readDevVars = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** Adds the missing values to the file and returns their names. Existing ones are kept. */
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
