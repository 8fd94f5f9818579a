/** What is made for and from the OpenAPI document outside the Worker: Swagger UI's files, and types for clients. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEPLOYMENTS, textOf } from '../support/deployments.ts';
import '../support/typescript-api.ts';

const require = createRequire(import.meta.url);
const packageOf = (name: string) => dirname(require.resolve(`${name}/package.json`));

describe('assets/docs/swagger-ui', () => {
  const folder = 'assets/docs/swagger-ui';
  const copies = readdirSync(folder);

  it('has its licence next to it', () => {
    expect(copies).toEqual(
      expect.arrayContaining(['LICENSE', 'NOTICE', 'swagger-ui-bundle.js', 'swagger-ui.css']),
    );
  });
  it.each(copies)('has %s unchanged from the package (npm run build:assets)', (name) => {
    const packaged = readFileSync(join(packageOf('swagger-ui-dist'), name));
    expect(readFileSync(join(folder, name)).equals(packaged)).toBe(true);
  });
});

/** What the types must say, and what they must not let pass. */
const USE_ANY = `
    import type { components, paths } from './api';
    export type Code = components['schemas']['Problem']['code'];
    export const code: Code = 'token_not_valid';
    // @ts-expect-error: no such code
    export const none: Code = 'token_invalid';
    export type Me = paths['/account/me']['get']['responses'][200]['content']['application/json'];
    export const username = (me: Me): string | null => me.username;
    // @ts-expect-error: never in an answer
    export const hash = (me: Me) => me.password_hash;
`;
const USE: Record<string, string> = {
  'as it is': `
    import type { paths } from './api';
    type LogIn = paths['/account/login']['post'];
    export const body: LogIn['requestBody']['content']['application/json'] = { email: 'a@b.example', password: 'x' };
    // @ts-expect-error: a password is needed
    export const lacking: LogIn['requestBody']['content']['application/json'] = { email: 'a@b.example' };
    export const pair = (answer: LogIn['responses'][200]['content']['application/json']): string => answer.refresh;
    // @ts-expect-error: no mail
    export type Reset = paths['/account/password/reset'];
  `,
  'in cookie mode': `
    import type { paths } from './api';
    type LogIn = paths['/account/login']['post'];
    // @ts-expect-error: in the cookie alone
    export const pair = (answer: LogIn['responses'][200]['content']['application/json']): string => answer.refresh;
    // @ts-expect-error: not there
    export type Simplejwt = paths['/api/token'];
  `,
};

it('generates types that compile, and that reject wrong calls', { timeout: 60_000 }, async () => {
  const { default: openapiTS, astToString } = await import('openapi-typescript');
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    for (const [name, vars] of Object.entries(DEPLOYMENTS)) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'api.ts'), astToString(await openapiTS(textOf(vars))));
      writeFileSync(join(folder, name, 'any.ts'), USE_ANY);
      writeFileSync(join(folder, name, 'use.ts'), USE[name] ?? 'export {};');
    }
    const options = { compilerOptions: { strict: true, noEmit: true, types: [] } };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options));
    const tsc = join(packageOf('typescript'), 'bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '--project', folder], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
