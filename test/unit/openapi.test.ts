/** The OpenAPI document: up to date, resolved by the settings, valid. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import template from '../../assets/docs/openapi/template.json' with { type: 'json' };
import { version } from '../../package.json' with { type: 'json' };
import { openapiTemplate } from '../../scripts/openapi/document.ts';
import { REFUSALS, type RefusalName } from '../../src/errors.ts';
import { type Node, resolveTemplate } from '../../src/openapi/resolve-template.ts';
import { DEPLOYMENTS, settingsOf, textOf } from '../support/deployments.ts';

it('is up to date (npm run build:assets)', async () => {
  expect(template).toEqual(JSON.parse(JSON.stringify(await openapiTemplate(version))));
});

it('has each operationId once, whatever the settings are', () => {
  const ids = [...JSON.stringify(template).matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

describe('resolving', () => {
  const settled = (node: unknown, vars?: Record<string, string>) =>
    resolveTemplate({ node, components: {} } as Node, settingsOf(vars ?? {})).node;

  it('takes the first choice that applies', () => {
    const node = { 'x-when': { 'SIGN_UP=closed': 1, 'SIGN_UP=open|verify': 2, else: 3 } };
    expect(settled(node)).toBe(2);
    expect(settled(node, { SIGN_UP: 'closed' })).toBe(1);
  });
  it('uses `else`, or leaves the property or item out', () => {
    const never = { 'MAIL=inbox': 1 };
    expect(settled({ a: { 'x-when': { ...never, else: 2 } }, b: { 'x-when': never } })).toEqual({ a: 2 });
    expect(settled([{ 'x-when': never }, 3])).toEqual([3]);
  });
  it('resolves choices within choices, and drops an empty one', () => {
    expect(
      settled({ a: { 'x-when': { 'SIGN_UP=open': { 'x-when': { 'MAIL=inbox': 1 } }, else: 2 } } }),
    ).toEqual({});
  });
  it('knows flags, and the items of a list', () => {
    const node = { 'x-when': { 'DOCS=true': 1 } };
    expect(settled({ node })).toEqual({ node: 1 });
    expect(settled({ node }, { DOCS: 'off' })).toEqual({});
    const scheme = { 'x-when': { 'AUTH_HEADER_TYPES=Bearer': 1, else: 2 } };
    expect(settled(scheme, { AUTH_HEADER_TYPES: 'JWT,Bearer' })).toBe(1);
    expect(settled(scheme, { AUTH_HEADER_TYPES: 'JWT' })).toBe(2);
  });
  it('leaves out components that nothing refers to, directly or indirectly', () => {
    const schemas = {
      A: { $ref: '#/components/schemas/B' },
      B: {},
      C: { $ref: '#/components/schemas/D' },
      D: {},
    };
    const settled = resolveTemplate(
      { paths: { $ref: '#/components/schemas/A' }, components: { schemas } },
      settingsOf({}),
    );
    expect(Object.keys((settled.components as { schemas: Node }).schemas)).toEqual(['A', 'B']);
  });
});

describe.each(Object.entries(DEPLOYMENTS))('the document %s', (_, vars) => {
  const text = textOf(vars);

  it('has no conditions left', () => {
    expect(text).not.toContain('x-when');
  });

  it('has a type next to every const and enum, without which generators guess', () => {
    const guessed: string[] = [];
    const visit = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if (('const' in node || 'enum' in node) && !('type' in node)) guessed.push(path);
      for (const [key, child] of Object.entries(node)) {
        if (!/^(example|examples|value)$/.test(key)) visit(child, `${path}/${key}`);
      }
    };
    visit(JSON.parse(text), '');
    expect(guessed).toEqual([]);
  });

  it('names every operation, so that generated functions keep their names', () => {
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, { operationId?: string }>> };
    const ids = Object.values(paths).flatMap((path) =>
      Object.entries(path).flatMap(([key, { operationId }]) => (key === 'parameters' ? [] : [operationId])),
    );
    expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id ?? ''))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has no error under the recommended rules of Redocly', async () => {
    const problems = await lintFromString({
      source: text,
      absoluteRef: '/openapi.json',
      config: await createConfig({ extends: ['recommended'] }),
    });
    const told = (severity: string) =>
      problems
        .filter((problem) => problem.severity === severity)
        .map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`);
    expect(told('error')).toEqual([]);
    // True all the same: some operations cannot be asked wrongly, a closed sign-up cannot succeed, a browser on its way
    // to a provider is redirected, and 405 is the answer of paths, not of operations.
    const known =
      /^(operation-4xx-response .*\/get\/|operation-2xx-response .*(?:sign-up|login~1with)|no-unused-components .*MethodNotAllowed)/;
    expect(told('warn').filter((warning) => !known.test(warning))).toEqual([]);
  });
});

it('describes each property separately, even if others have the same schema', () => {
  const { schemas } = JSON.parse(textOf({})).components as {
    schemas: Record<string, { properties: Record<string, { description?: string }> }>;
  };
  expect(schemas.TokenPair?.properties.refresh?.description).toMatch(/get the next pair/);
  expect(schemas.TokenPair?.properties.access?.description).toMatch(/for the Authorization header/);
  expect(schemas.AnySession?.properties.created_at?.description).toBeUndefined();
});

it('has an example of every refusal, except those of a host’s guards', () => {
  const all = Object.values(DEPLOYMENTS).map(textOf).join();
  const without = (Object.keys(REFUSALS) as RefusalName[]).filter(
    (kind) => !all.includes(`"${kind}":{"summary":`),
  );
  expect(without).toEqual(['email_not_verified']);
});
