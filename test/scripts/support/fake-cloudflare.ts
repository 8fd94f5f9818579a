/**
 * Cloudflare's API on loopback, as far as a deployment uses it: one account, its Workers, D1 databases and KV
 * namespaces. What is uploaded really runs, on miniflare with the database that was migrated, at the origin of the
 * API itself. Codes and shapes are those of https://developers.cloudflare.com/api.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response as WorkerResponse } from 'miniflare';
import { unstable_splitSqlQuery as splitSqlQuery } from 'wrangler';

export const ACCOUNT_ID = 'a'.repeat(32);

interface Binding {
  type: string;
  name: string;
  text?: string;
  id?: string;
  namespace_id?: string;
}

interface Metadata {
  main_module: string;
  bindings: Binding[];
  /** The kinds of which the Worker keeps what is not named. */
  keep_bindings?: string[];
}

interface Uploaded {
  /** As the API shows them: secrets without their text. */
  bindings: Binding[];
  secrets: Record<string, string>;
}

interface Call {
  /** Lists have one page. */
  page: number;
  method: string;
  path: string;
  body: () => Promise<Buffer>;
  form: () => Promise<FormData>;
}

/** `before`: refused. `after`: done, and the answer is an error. */
type Fault = 'before' | 'after';

class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export async function fakeCloudflare(folder: string) {
  const workers = new Map<string, Uploaded>();
  const databases = new Map<string, { name: string; uuid: string; location: string | null }>();
  const namespaces = new Map<string, { title: string; id: string }>();
  /** Every change, in order. */
  const changes: string[] = [];
  const calls: string[] = [];
  let smokeFails = false;
  let fault: { on: RegExp; kind: Fault } | null = null;

  const options = (script: string, bindings: Record<string, string>) =>
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
      compatibilityDate: '2026-11-02',
      d1Databases: { DB: 'database' },
      kvNamespaces: { BLACKLIST: 'namespace' },
      bindings,
      serviceBindings: { ASSETS: asset },
      resourcePersistencePath: folder,
      cf: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: () => {},
    });
  const miniflare = new Miniflare(
    options('export default { fetch: () => new Response("no Worker", { status: 404 }) }', {}),
  );
  await miniflare.ready;

  const endpoints: [string, RegExp, (call: Call, ...parts: string[]) => unknown][] = [
    [
      'GET',
      /^\/workers\/services\/([^/]+)$/,
      (_, name) => {
        workerNamed(name);
        return {
          default_environment: {
            environment: 'production',
            script: { tag: 't', last_deployed_from: 'wrangler' },
          },
        };
      },
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/settings$/,
      (_, name) => ({ bindings: workerNamed(name).bindings }),
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/secrets$/,
      (_, name) =>
        Object.keys(workerNamed(name).secrets).map((secret) => ({ name: secret, type: 'secret_text' })),
    ],
    [
      'GET',
      /^\/workers\/scripts\/([^/]+)\/deployments$/,
      (_, name) => {
        workerNamed(name);
        return { deployments: [] };
      },
    ],
    ['POST', /^\/workers\/scripts\/([^/]+)\/assets-upload-session$/, () => ({ jwt: 'jwt', buckets: [] })],
    ['PUT', /^\/workers\/scripts\/([^/]+)$/, (call, name) => upload(call, name)],
    [
      'POST',
      /^\/workers\/scripts\/([^/]+)\/versions$/,
      async (call, name) => {
        await upload(call, name);
        return { id: VERSION_ID, resources: { script: { etag: 'etag' } }, startup_time_ms: 1 };
      },
    ],
    ['POST', /^\/workers\/scripts\/([^/]+)\/deployments$/, () => ({ id: VERSION_ID })],
    ['PATCH', /^\/workers\/scripts\/([^/]+)\/script-settings$/, () => ({})],
    [
      'GET',
      /^\/workers\/workers\/([^/]+)$/,
      (_, name) => {
        workerNamed(name);
        return { subdomain: { enabled: true, previews_enabled: false } };
      },
    ],
    ['POST', /^\/workers\/scripts\/([^/]+)\/subdomain$/, () => ({ enabled: true, previews_enabled: false })],
    ['PUT', /^\/workers\/scripts\/([^/]+)\/schedules$/, () => ({ schedules: [] })],
    ['GET', /^\/workers\/subdomain$/, () => ({ subdomain: 'example' })],
    ['GET', /^\/storage\/kv\/namespaces$/, ({ page }) => (page === 1 ? [...namespaces.values()] : [])],
    [
      'POST',
      /^\/storage\/kv\/namespaces$/,
      async (call) => {
        const { title } = await jsonOf<{ title: string }>(call);
        if (namespaces.has(title)) {
          throw new ApiError(
            400,
            10014,
            'create namespace: a namespace with this account ID and title already exists',
          );
        }
        const namespace = { title, id: idOf('b', namespaces.size) };
        namespaces.set(title, namespace);
        changes.push(`create namespace ${title}`);
        return namespace;
      },
    ],
    ['GET', /^\/d1\/database$/, ({ page }) => (page === 1 ? [...databases.values()] : [])],
    [
      'POST',
      /^\/d1\/database$/,
      async (call) => {
        const { name, primary_location_hint: location } = await jsonOf<Record<string, string>>(call);
        if (name === undefined || databases.has(name))
          throw new ApiError(400, 7502, 'A database with that name exists');
        const uuid = `d1d1d1d1-0000-4000-8000-00000000000${databases.size}`;
        databases.set(name, { name, uuid, location: location ?? null });
        changes.push(`create database ${name}${location ? ` in ${location}` : ''}`);
        return databases.get(name);
      },
    ],
    ['GET', /^\/d1\/database\/([^/]+)$/, (_, idOrName) => databaseNamed(idOrName)],
    [
      'POST',
      /^\/d1\/database\/([^/]+)\/query$/,
      async (call, idOrName) => {
        databaseNamed(idOrName);
        return query((await jsonOf<{ sql: string }>(call)).sql);
      },
    ],
  ];

  function workerNamed(name = ''): Uploaded {
    const worker = workers.get(name);
    if (!worker) throw new ApiError(404, 10007, 'This Worker does not exist on your account.');
    return worker;
  }

  function databaseNamed(idOrName: string | undefined) {
    const found = [...databases.values()].find(({ name, uuid }) => name === idOrName || uuid === idOrName);
    if (!found) throw new ApiError(404, 7404, 'The database could not be found');
    return found;
  }

  async function upload(call: Call, name = ''): Promise<{ id: string }> {
    const form = await call.form();
    const metadata = JSON.parse(String(form.get('metadata'))) as Metadata;
    const main = form.get(metadata.main_module);
    const script = main instanceof Blob ? await main.text() : '';
    const before = workers.get(name);
    const secrets = metadata.keep_bindings?.includes('secret_text') ? { ...before?.secrets } : {};
    const bindings = metadata.bindings.map((binding) => {
      if (binding.type === 'secret_text') secrets[binding.name] = binding.text ?? '';
      if (binding.type !== 'inherit') return binding;
      const inherited = before?.bindings.find((one) => one.name === binding.name);
      if (!inherited) throw new ApiError(400, 10057, `inherit binding '${binding.name}' is invalid`);
      return inherited;
    });
    workers.set(name, { bindings, secrets });
    const made = metadata.bindings
      .filter(({ type }) => type === 'secret_text')
      .map((binding) => binding.name);
    changes.push(`upload ${name}${made.length > 0 ? ` with ${made.join(', ')}` : ''}`);
    // The smoke test is one client that makes an account: real limits hold it, and hashing is measured elsewhere.
    await miniflare.setOptions(options(script, { ...secrets, RATE_LIMITS: 'off' }));
    return { id: VERSION_ID };
  }

  async function query(sql: string) {
    const db = await miniflare.getD1Database('DB');
    const results = [];
    for (const statement of splitSqlQuery(sql.replaceAll(/^\s*--.*$/gm, ''))) {
      const { results: rows, meta } = await db.prepare(statement).all();
      results.push({ results: rows, success: true, meta });
      const [, table] = /^CREATE TABLE (\w+)/i.exec(statement) ?? [];
      if (table !== undefined) changes.push(`create table ${table}`);
    }
    return results;
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const prefix = `/client/v4/accounts/${ACCOUNT_ID}`;
    if (!url.pathname.startsWith('/client/v4')) {
      if (smokeFails && url.pathname !== '/healthz') {
        response.writeHead(500).end();
        return;
      }
      const answer = await miniflare.dispatchFetch(new URL(url.pathname + url.search, origin), {
        method: request.method ?? 'GET',
        headers: headersOf(request),
        ...(request.method !== 'GET' && request.method !== 'HEAD' && { body: await buffer(request) }),
      });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
      return;
    }
    const method = request.method ?? 'GET';
    const path = url.pathname.startsWith(prefix) ? url.pathname.slice(prefix.length) : url.pathname;
    calls.push(`${method} ${path}`);
    const found = endpoints.find(([verb, pattern]) => verb === method && pattern.test(path));
    const body = () => buffer(request);
    const page = Number(url.searchParams.get('page') ?? 1);
    const struck = fault?.on.test(`${method} ${path}`) ? fault.kind : null;
    let status = 200;
    let answer: object;
    try {
      if (request.headers.authorization !== 'Bearer token')
        throw new ApiError(401, 10000, 'Authentication error');
      if (struck === 'before') throw new ApiError(400, 10_999, 'the fault that was asked for');
      if (!found) throw new ApiError(404, 7003, `not known here: ${method} ${path}`);
      const [, pattern, work] = found;
      const form = async () =>
        new Response(new Uint8Array(await body()), { headers: headersOf(request) }).formData();
      const result = await work({ page, method, path, body, form }, ...(pattern.exec(path) ?? []).slice(1));
      if (struck === 'after') throw new ApiError(400, 10_999, 'the fault that was asked for');
      answer = { success: true, errors: [], messages: [], result };
    } catch (error) {
      const { status: failed = 500, code = 0, message } = error as Partial<ApiError>;
      status = failed;
      answer = { success: false, errors: [{ code, message }], messages: [], result: null };
    }
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    /** The Worker answers here too. */
    origin,
    environment: {
      CLOUDFLARE_API_BASE_URL: `${origin}/client/v4`,
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
    },
    workers,
    databases,
    namespaces,
    calls,
    /** What was changed since it was asked last. */
    changes: () => changes.splice(0),
    failOn: (on: RegExp | null, kind: Fault = 'before') => {
      fault = on && { on, kind };
    },
    /** The Worker's health is well, and nothing else. */
    failSmoke: (fails: boolean) => {
      smokeFails = fails;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await miniflare.dispose();
    },
  };
}

const VERSION_ID = 'c0c0c0c0-0000-4000-8000-000000000000';
const idOf = (letter: string, index: number) => letter.repeat(31) + index;
const jsonOf = async <T>(call: Call) => JSON.parse((await call.body()).toString()) as T;

function headersOf(request: IncomingMessage): [string, string][] {
  return Object.entries(request.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as [string, string]] : [],
  );
}

function asset(request: { url: string }) {
  const file = `assets${new URL(request.url).pathname}`;
  return existsSync(file)
    ? new WorkerResponse(readFileSync(file))
    : new WorkerResponse('not found', { status: 404 });
}
