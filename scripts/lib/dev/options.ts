/** Reads the arguments of `npm run dev`, all of which are passed on to `wrangler dev`. */
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const DEFAULT_PORT = 8787;

export interface DevOptions {
  /** 0: wrangler chooses one. */
  port: number;
  isPortGiven: boolean;
  host: string;
  protocol: 'http' | 'https';
  /** '' if not given; the environment too. */
  persistTo: string;
  environment: string;
  configFile: string;
  /** The arguments that `wrangler d1 migrations apply` needs too. */
  shared: string[];
  /** Names of the variables that `--var` sets. */
  variables: ReadonlySet<string>;
}

/** wrangler's parser accepts both spellings. */
const NAMES: Readonly<Record<string, string>> = { persistTo: 'persist-to', localProtocol: 'local-protocol' };
const SHARED = ['persist-to', 'config', 'env'];

export function readDevOptions(args: string[], root: string): DevOptions {
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: {
      port: { type: 'string' },
      ip: { type: 'string' },
      'local-protocol': { type: 'string' },
      localProtocol: { type: 'string' },
      var: { type: 'string' },
      'persist-to': { type: 'string' },
      persistTo: { type: 'string' },
      config: { type: 'string', short: 'c' },
      env: { type: 'string', short: 'e' },
    },
  });
  const values: Record<string, string> = {};
  const shared: string[] = [];
  const variables = new Set<string>();
  let current = '';
  for (const token of tokens) {
    // `--var` takes every word up to the next option.
    if (token.kind === 'positional' && current === 'var') variables.add(nameOf(token.value));
    if (token.kind !== 'option') continue;
    current = NAMES[token.name] ?? token.name;
    const value = (token.value ?? '').replace(/^=/, ''); // -c=FILE
    values[current] = value;
    if (current === 'var') variables.add(nameOf(value));
    if (SHARED.includes(current)) {
      shared.push(...args.slice(token.index, token.index + (token.inlineValue === false ? 2 : 1)));
    }
  }
  return {
    port: values.port ? Number(values.port) : DEFAULT_PORT,
    isPortGiven: values.port !== undefined,
    host: values.ip || 'localhost',
    protocol: values['local-protocol'] === 'https' ? 'https' : 'http',
    persistTo: values['persist-to'] ?? '',
    environment: values.env ?? '',
    configFile: resolve(root, values.config || 'wrangler.toml'),
    shared,
    variables,
  };
}

const nameOf = (variable: string) => variable.split(':', 1)[0] ?? '';

/**
 * The arguments of `wrangler dev` that precede the caller's. PUBLIC_URL and MAIL are set unless the caller sets them, so
 * that a production value in wrangler.toml never makes local links point to production or sends real mail. `--local`
 * ends the values of `--var`, so that the caller's arguments may start with a path.
 */
export function defaultArguments({ port, isPortGiven, protocol, variables }: DevOptions): string[] {
  const defaults: Record<string, string> = {
    ENVIRONMENT: 'development',
    MAIL: 'inbox',
    ...(port > 0 && { PUBLIC_URL: `${protocol}://localhost:${port}` }),
  };
  const given = Object.entries(defaults).flatMap(([name, value]) =>
    variables.has(name) ? [] : [`${name}:${value}`],
  );
  return [
    ...(given.length > 0 ? ['--var', ...given] : []),
    '--local',
    ...(isPortGiven ? [] : ['--port', String(port)]),
  ];
}

/** Where wrangler keeps the local D1 and KV. */
export const stateFolder = ({ persistTo, configFile }: DevOptions, root: string): string =>
  persistTo ? resolve(root, persistTo) : resolve(dirname(configFile), '.wrangler/state');
