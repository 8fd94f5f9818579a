/**
 * The project that a command works on. In a clone (`npm run …`, this file is TypeScript) it is the clone, whatever the
 * caller's folder. In the installed package (`npx hono-accounts …`, this file is part of `bin/*.js`) it is the folder of
 * the nearest wrangler configuration.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(import.meta.url);

export const isClone = file.endsWith('.ts');

/** Where `migrations/` is: the clone, or the installed package. */
export const packageFolder = isClone ? dirname(dirname(dirname(file))) : dirname(dirname(file));

/** In the order in which wrangler prefers them. */
const CONFIG_FILES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'];

/** undefined if neither the folder nor one above it has a wrangler configuration. */
export function findConfig(folder: string): string | undefined {
  const found = CONFIG_FILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : findConfig(parent));
}

const foundConfig = isClone ? join(packageFolder, 'wrangler.toml') : findConfig(process.cwd());

export const hasConfig = foundConfig !== undefined;
export const configFile = foundConfig ?? join(process.cwd(), 'wrangler.toml');
export const configName = basename(configFile);
export const root = dirname(configFile);

/** How the user calls a command here, for messages. */
export const commandLine = (name: string): string =>
  isClone ? `npm run ${name} --` : `npx hono-accounts ${name}`;
