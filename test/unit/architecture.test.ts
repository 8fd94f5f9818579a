/** What may import what, read from the imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const FILES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /(?<!\.d)\.tsx?$/.test(file));
const importsOf = (file: string) =>
  [...readFileSync(`src/${file}`, 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map(
    ([, path = '']) => join(dirname(file), path).replaceAll('\\', '/'),
  );
const IMPORTS = new Map(FILES.map((file) => [file, importsOf(file)]));

/** The first pattern that fits names a file's layer. */
const LAYERS: [name: string, ...files: RegExp[]][] = [
  ['composition', /^(app|compose|index|rooms|room-routes|worker|sweep|events-out)\.ts$/],
  ['client', /^(client|pages\/browser)\//],
  [
    'stores',
    /(^|\/)d1-/,
    /^(db|limits)\b/,
    /^token\/blacklist/,
    /^mail\/(inbox|cloudflare)/,
    /^password\/breach/,
    /^connections\/(kv-|oidc|oauth|provider-)/,
    /^outbox\/(webhook|queue)/,
  ],
  [
    'application',
    /^account\/application\//,
    /^admin\/(acting|application|console-session|dead-letters|factors|sign-in-methods)\.ts$/,
    /^second-factor\/(sign-in|enrolment|services)\.ts$/,
    /^email-sign-in\/(sign-in|services)\.ts$/,
    /^new-device\/notice\.ts$/,
    /^passkeys\/(assertion|reauthentication|registration|second-factor|services|sign-in)\.ts$/,
    /^host-functions\.ts$/,
    /^connections\/(begin|finish|exchange|exchange-code|hand-back|linking|services)\.ts$/,
    /^outbox\/deliver\.ts$/,
  ],
  ['http', /^http\//],
  ['guard', /^guard\//],
  [
    'rules',
    /^(token|password)\//,
    /^(derived-key|device|identity|origins|secret-box|setting-parsers|settings|guard-settings|host-options|site-color)\.ts$/,
    /^second-factor\/(totp|recovery-codes|limits|ports|proof|presenters|qr)\.ts$/,
    /^email-sign-in\/(code|limits|ports)\.ts$/,
    /^new-device\/(device|ports)\.ts$/,
    /^passkeys\/(challenge|client-data|library|limits|no-certificates|ports|presenters)\.ts$/,
    /^passkeys\/(public-key|relying-party|webauthn)\.ts$/,
    /^account\/(staff|new-user|event|presenters|export\/own-data)\.ts$/,
    /^connections\/(display-name|flow|library|limits|ports|presenters|providers|return-to)\.ts$/,
    /^account\/(staff|new-user|presenters|export\/own-data)\.ts$/,
    /^mail\/(mails|compose)\.ts$/,
    /^outbox\/schedule\.ts$/,
  ],
  [
    'model',
    /^languages\//,
    /^((admin\/|admin\/list-|outbox\/)?ports|mail-ports|audit-log|events|model|encoding|errors|refusal-reasons|rate-limited-action|sweeper|random|deadlines)\.ts$/,
  ],
  [
    'routes',
    /^(account|admin|compat|connections|email-sign-in|passkeys|second-factor|pages|dev|mail|openapi)\//,
    /^(health|discovery)\.ts$/,
  ],
];
const MAY_IMPORT: Record<string, string[]> = {
  model: ['model'],
  rules: ['rules', 'model'],
  stores: ['stores', 'rules', 'model'],
  application: ['application', 'rules', 'model'],
  http: ['http', 'rules', 'model'],
  guard: ['guard', 'http', 'stores', 'rules', 'model'],
  routes: ['routes', 'application', 'guard', 'http', 'rules', 'model'],
  composition: ['composition', 'routes', 'application', 'guard', 'http', 'stores', 'rules', 'model'],
  client: ['client'],
};
const layerOf = (file: string) =>
  LAYERS.find(([, ...files]) => files.some((one) => one.test(file)))?.[0] ?? 'none';

function circlesIn(graph: ReadonlyMap<string, Iterable<string>>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (one: string, path: readonly string[]) => {
    if (path.includes(one)) circles.push([...path.slice(path.indexOf(one)), one].join(' → '));
    if (done.has(one) || path.includes(one)) return;
    for (const next of graph.get(one) ?? []) visit(next, [...path, one]);
    done.add(one);
  };
  for (const one of graph.keys()) visit(one, []);
  return circles;
}

describe('the source', () => {
  it('imports downwards only: routes, application, rules; stores implement ports', () => {
    const wrong = [...IMPORTS].flatMap(([file, imports]) =>
      imports
        .filter((imported) => !MAY_IMPORT[layerOf(file)]?.includes(layerOf(imported)))
        .map((imported) => `${file} (${layerOf(file)}) → ${imported} (${layerOf(imported)})`),
    );
    expect(wrong).toEqual([]);
    expect(IMPORTS.size).toBeGreaterThan(100);
  });

  it('has no circle of imports', () => {
    expect(circlesIn(IMPORTS)).toEqual([]);
  });

  it('has no circle of folders', () => {
    // A file of src itself counts as a folder.
    const folderOf = (file: string) => file.split('/')[0] ?? file;
    const folders = new Map<string, Set<string>>();
    for (const [file, imports] of IMPORTS) {
      const others = imports.map(folderOf).filter((folder) => folder !== folderOf(file));
      folders.set(folderOf(file), new Set([...(folders.get(folderOf(file)) ?? []), ...others]));
    }
    expect(circlesIn(folders)).toEqual([]);
  });

  it('imports Hono only in routes and HTTP (and hono/jwt in the codec), Drizzle only in stores', () => {
    const using = (library: string, layers: string[]) =>
      FILES.filter(
        (file) =>
          !layers.includes(layerOf(file)) && readFileSync(`src/${file}`, 'utf8').includes(`from '${library}`),
      );
    expect(using('drizzle-orm', ['stores'])).toEqual([]);
    expect(using('hono', ['routes', 'http', 'guard', 'composition'])).toEqual(['token/codec.ts']);
  });

  it('has small files: none over 300 lines, a median of at most 110', () => {
    const lines = FILES.filter((file) => !file.includes('.generated.')).map(
      (file) => [readFileSync(`src/${file}`, 'utf8').split('\n').length - 1, file] as const,
    );
    expect(lines.filter(([count]) => count > 300)).toEqual([]);
    const counts = lines.map(([count]) => count).sort((a, b) => a - b);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(110);
  });
});

describe('the tests', () => {
  it('have files of at most 700 lines', () => {
    const files = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.tsx?$/.test(file) && !/node_modules|clients\/generated/.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    const long = files.filter((file) => readFileSync(`test/${file}`, 'utf8').split('\n').length - 1 > 700);
    expect(long).toEqual([]);
  });
});
