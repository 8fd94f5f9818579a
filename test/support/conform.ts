/**
 * Proves that an answer of the Worker is one that its OpenAPI document describes: path, method, status, content type,
 * headers and body. The validator interprets, as workerd runs no code made from strings. Stricter than the document:
 * an object has no property that is not listed.
 */
import { type Schema, Validator } from '@cfworker/json-schema';
import { openapiTemplate } from '../../scripts/openapi/document.ts';
import { type Node, resolveTemplate } from '../../src/openapi/resolve-template.ts';
import { loadSettings } from '../../src/settings.ts';

interface Header {
  required?: boolean;
  schema: Node;
}
interface Response {
  headers: Record<string, Header>;
  content?: Record<string, { schema: Node }>;
}
type Operation = { responses: Record<string, Response> };
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Node; responses: Record<string, Response>; headers: Record<string, Header> };
}

/** Pages and files: people read them, no program. */
const NOT_THE_API = /^(?:\/account)?\/(?:static|docs)\/.|^\/dev\/mail\/.|^\/admin(?!\/api\/)/;
/** Of DRF's clients. */
const DRF_PATHS = /^\/(?:api\/token|auth|dj-rest-auth)(?:\/|$)/;
/** Headers that mean something to a client, so that the document must know of them. */
const TELLING = ['Allow', 'Retry-After', 'Set-Cookie', 'WWW-Authenticate'];

const template = await openapiTemplate('test');
const documents = new Map<string, Document>();

/** Of the settings in `env`; with a fault in them only what every answer may be is looked at. */
function documentOf(env: Readonly<Record<string, unknown>>, mailer: boolean): Document {
  const loaded = loadSettings(env, { mailer });
  const { settings } = loaded.ok ? loaded : (loadSettings({}) as Extract<typeof loaded, { ok: true }>);
  const key = JSON.stringify(settings);
  const made = documents.get(key) ?? (closed(resolveTemplate(template, settings)) as unknown as Document);
  documents.set(key, made);
  return made;
}

/** Objects that list their properties have no others. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy: Node = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, closed(child)]));
  return copy.type === 'object' && copy.properties ? { additionalProperties: false, ...copy } : copy;
}

function resolved<T extends object>(document: Document, node: T): T {
  if (!('$ref' in node)) return node;
  const [, , section, name] = (node.$ref as string).split('/') as [string, string, 'responses', string];
  return document.components[section][name] as T;
}

const validators = new WeakMap<object, Validator>();
function faultsOf(document: Document, schema: Node, value: unknown): string[] {
  const { schemas } = document.components;
  const known = validators.get(schema);
  const validator =
    known ?? new Validator({ ...schema, components: { schemas } } as Schema, '2020-12', false);
  validators.set(schema, validator);
  return validator.validate(value).errors.map((fault) => `${fault.instanceLocation} ${fault.error}`);
}

function findPath({ paths }: Document, path: string): Record<string, Operation> | undefined {
  const have = path.split('/');
  const found = Object.entries(paths).find(([template]) => {
    const want = template.split('/');
    return (
      want.length === have.length &&
      want.every((part, i) => part === have[i] || (part.startsWith('{') && have[i] !== ''))
    );
  });
  return found?.[1];
}

/** At those paths the same problem has another content type. */
const asJson = ({ content = {}, ...response }: Response): Response => ({
  ...response,
  content: { ...content, 'application/json': content['application/problem+json'] as { schema: Node } },
});

/** What may be answered: by an operation, or by a path or method that the document has not. */
function expected(document: Document, method: string, path: string): Record<string, Response> {
  const { NotFound, MethodNotAllowed, InternalError, Misconfigured } = document.components.responses;
  const otherwise = { 404: NotFound, 405: MethodNotAllowed, 500: InternalError, 503: Misconfigured };
  const any = Object.fromEntries(
    Object.entries(otherwise as Record<string, Response>).map(([status, response]) => [
      status,
      DRF_PATHS.test(path) ? asJson(response) : response,
    ]),
  );
  const operations = findPath(document, path);
  if (!operations) return any;
  const operation = operations[(method === 'HEAD' ? 'GET' : method).toLowerCase()];
  const { 404: _, ...ofPath } = any;
  return operation?.responses ?? ofPath;
}

function mismatches(
  document: Document,
  request: { method: string; path: string },
  answer: { status: number; headers: Headers; text: string },
): string[] {
  const responses = expected(document, request.method, request.path);
  const listed = responses[answer.status];
  if (!listed) return [`the document has ${Object.keys(responses).join(', ')} alone`];
  const response = resolved(document, listed);
  const faults: string[] = [];

  for (const [name, reference] of Object.entries(response.headers)) {
    const { required, schema } = resolved(document, reference);
    const text = answer.headers.get(name);
    if (text === null) {
      if (required) faults.push(`${name} is missing`);
      continue;
    }
    const value = schema.type === 'integer' ? Number(text) : text;
    faults.push(...faultsOf(document, schema, value).map((fault) => `${name}: ${fault}`));
  }
  for (const name of TELLING) {
    if (answer.headers.has(name) && !response.headers[name]) faults.push(`${name} is not in the document`);
  }

  const type = answer.headers.get('Content-Type')?.split(';')[0];
  const media = type === undefined ? undefined : response.content?.[type];
  if (response.content && !media) faults.push(`the content type is ${type}`);
  if (request.method === 'HEAD' || !media) {
    if (answer.text !== '') faults.push('there is a body');
  } else if (type?.endsWith('json')) {
    faults.push(...faultsOf(document, media.schema, JSON.parse(answer.text)));
  }
  return faults;
}

/** As the router reads it: unescaped where that can be done, without the slash at the end. */
function pathOf(request: Request): string {
  const path = new URL(request.url).pathname.replace(/(.)\/$/, '$1');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Throws what is wrong, all of it. OPTIONS is CORS' and not in the document. `mailer`: of the host. */
export function conform(
  request: Request,
  env: Readonly<Record<string, unknown>>,
  answer: { status: number; headers: Headers; text: string },
  { mailer = false }: { mailer?: boolean } = {},
): void {
  const path = pathOf(request);
  if (request.method === 'OPTIONS' || NOT_THE_API.test(path)) return;
  const faults = mismatches(documentOf(env, mailer), { method: request.method, path }, answer);
  if (faults.length === 0) return;
  throw new Error(
    `${request.method} ${path} answered ${answer.status}, not as the document says:\n${faults.join('\n')}\n${answer.text.slice(0, 500)}`,
  );
}
