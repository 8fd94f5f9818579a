/** Postman's importer, which reads the document as the app does. */
import { convertV2, type Item, type PostmanRequest, validate } from 'openapi-to-postmanv2';
import { describe, expect, inject, it } from 'vitest';
import { DEPLOYMENTS, textOf } from '../support/deployments.ts';

interface Imported {
  requests: [name: string, request: PostmanRequest][];
  baseUrl: string | undefined;
  text: string;
}

const requestsOf = (items: readonly Item[]): [string, PostmanRequest][] =>
  items.flatMap(({ name, item, request }) => (request ? [[name, request]] : requestsOf(item ?? [])));

const imported = (data: string) =>
  new Promise<Imported>((resolve, reject) => {
    convertV2(
      { type: 'string', data },
      { parametersResolution: 'Example', folderStrategy: 'Tags' },
      (error, { result, reason, output }) => {
        const collection = output?.[0]?.data;
        if (error || !result || reason !== undefined || !collection) reject(error ?? new Error(reason));
        else {
          const requests = requestsOf(collection.item);
          const baseUrl = collection.variable.find(({ key }) => key === 'baseUrl')?.value;
          resolve({ requests, baseUrl, text: JSON.stringify(collection) });
        }
      },
    );
  });

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
interface Document {
  paths: Record<string, Record<string, { summary: string }>>;
}

describe('Postman', () => {
  it.each(Object.entries(DEPLOYMENTS))(
    'imports the document %s without a warning: each operation once',
    async (_, vars) => {
      const document = { ...JSON.parse(textOf(vars)), servers: [{ url: 'https://accounts.example.com' }] };
      const data = JSON.stringify(document);
      expect(validate({ type: 'string', data })).toMatchObject({ result: true });
      const { requests, baseUrl, text } = await imported(data);
      const summaries = Object.values((document as Document).paths).flatMap((path) =>
        METHODS.flatMap((method) => path[method]?.summary ?? []),
      );
      expect(requests.map(([name]) => name).sort()).toEqual(summaries.sort());
      expect(baseUrl).toBe('https://accounts.example.com');
      expect(text).not.toMatch(/<Error|too many levels/);
    },
  );

  it('sends requests that the service accepts, with the examples as their bodies', async () => {
    const { origin } = inject('secret');
    const data = await (await fetch(`${origin}/openapi.json`)).text();
    const { paths } = JSON.parse(data) as Document;
    const { requests, baseUrl } = await imported(data);
    expect(baseUrl).toBe(origin);
    const send = async (operation: string, access?: string) => {
      const [verb = '', path = ''] = operation.split(' ');
      const name = paths[path]?.[verb]?.summary ?? operation;
      const { method, url, header = [], body, auth } = new Map(requests).get(name) as PostmanRequest;
      const answer = await fetch(`${origin}/${url.path.join('/')}`, {
        method,
        headers: [
          ...header.map(({ key, value }): [string, string] => [key, value]),
          ...(auth?.type === 'bearer' ? [['Authorization', `Bearer ${access}`] as [string, string]] : []),
        ],
        ...(body?.raw !== undefined && { body: body.raw }),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, never> };
    };
    const signedUp = await send('post /account/sign-up');
    expect(signedUp.status).toBe(201);
    expect((await send('post /account/login')).status).toBe(200);
    const { access } = signedUp.body;
    const changed = await send('patch /account/me', access);
    expect(changed.status).toBe(200);
    expect(await send('get /account/me', access)).toEqual(changed);
  });
});
