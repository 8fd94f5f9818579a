/**
 * `npm run smoke -- URL`: checks a deployment, or the local server, from outside. Expects the default token settings;
 * signs one account up with a random address and deletes it at the end, also after a failure. Prints a line for each
 * check; exit code 1 if one failed.
 */
import { randomBytes, randomUUID } from 'node:crypto';

const REQUEST_LIMIT_MS = 20_000;

interface Answer {
  status: number;
  headers: Headers;
  /** The parsed JSON body; `{}` if the body is not JSON. */
  body: Record<string, unknown>;
}

/** A check failed. */
class Failure extends Error {}
/** The settings of this deployment do not allow this check and the following ones. */
class Skipped extends Error {}

const base = process.argv[2]?.replace(/\/+$/, '') ?? '';
if (!/^https?:\/\//.test(base)) {
  console.error('Usage: npm run smoke -- https://accounts.example.com');
  process.exit(2);
}

const failures: string[] = [];
const email = `smoke-${randomBytes(8).toString('hex')}@example.com`;
const password = randomBytes(24).toString('base64url');
const credentials = { email, password };

await separately(checkWithoutAccount);
await separately(checkAccount);

if (failures.length > 0) {
  console.error(
    `\n${failures.length} checks failed at ${base}:\n${failures.map((line) => `  ${line}`).join('\n')}`,
  );
  process.exit(1);
}
console.log(`\nAll checks passed at ${base}`);

async function checkWithoutAccount(): Promise<void> {
  for (const path of ['/healthz', '/readyz']) {
    await independently(`${path} answers 200`, async () => expectStatus(await send('GET', path), 200));
  }
  await independently('responses have the security headers', async () => {
    const { headers } = await send('GET', '/healthz');
    for (const [name, part] of Object.entries({
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Strict-Transport-Security': 'max-age=31536000',
      'Content-Security-Policy': "default-src 'none'",
      'X-Frame-Options': 'DENY',
      'X-Request-Id': '',
    })) {
      const value = headers.get(name);
      if (value === null || !value.includes(part)) throw new Failure(`${name} is ${value ?? 'missing'}`);
    }
  });
  await independently('GET /account/me without a token is a 401 problem', async () => {
    const answer = await send('GET', '/account/me');
    expectProblem(answer, 401, 'not_authenticated');
    const challenge = answer.headers.get('WWW-Authenticate');
    if (!challenge?.startsWith('Bearer')) throw new Failure(`WWW-Authenticate is ${challenge ?? 'missing'}`);
  });
  await independently('an unknown path is a 404 problem', async () =>
    expectProblem(await send('GET', `/${randomUUID()}`), 404, 'not_found'),
  );
  await independently('a form is refused with 415', async () => {
    const form = new URLSearchParams({ email, password });
    expectProblem(await send('POST', '/account/login', { form }), 415, 'unsupported_media_type');
  });
}

async function checkAccount(): Promise<void> {
  let mayExist = true;
  try {
    await check('sign-up answers 201 with tokens', async () => {
      const answer = await send('POST', '/account/sign-up', { json: { ...credentials, name: 'Smoke' } });
      const { code } = answer.body;
      if (answer.status === 202 || code === 'sign_up_closed' || code === 'origin_not_allowed') {
        mayExist = false;
        throw new Skipped(`sign-up answers ${describe(answer)}`);
      }
      expectStatus(answer, 201);
      tokensOf(answer);
    });
    const first = await check('log-in answers 200', async () => tokensOf(await logIn()));
    const second = await check('refresh answers 200 with another token', async () => {
      const tokens = tokensOf(await refresh(first.refresh));
      if (tokens.refresh === first.refresh) throw new Failure('the token was not rotated');
      return tokens;
    });
    await check('the rotated token, sent again at once, returns the same successor', async () => {
      const again = tokensOf(await refresh(first.refresh));
      if (identityOf(again.refresh) !== identityOf(second.refresh))
        throw new Failure('it returns another one');
    });
    await check('GET /account/me shows the account and must not be cached', async () => {
      const me = await send('GET', '/account/me', { access: second.access });
      expectStatus(me, 200);
      if (me.body.email !== email) throw new Failure('it shows another e-mail address');
      if (me.headers.get('Cache-Control') !== 'no-store') throw new Failure('Cache-Control is not no-store');
    });
    await check('log-out answers 204', async () => {
      expectStatus(await send('POST', '/account/logout', { json: { refresh: second.refresh } }), 204);
    });
    await check('refresh after log-out is 401', async () =>
      expectProblem(await refresh(second.refresh), 401, 'token_not_valid'),
    );
    await check('deleting the account answers 204', async () => {
      const { access } = tokensOf(await logIn());
      expectStatus(await send('DELETE', '/account/me', { access, json: { password } }), 204);
      mayExist = false;
    });
    await check('log-in after that is 401', async () =>
      expectProblem(await logIn(), 401, 'no_active_account'),
    );
  } finally {
    if (mayExist) await independently(`clean-up deletes ${email}`, deleteIfPresent);
  }
}

/** Runs also after a sign-up whose answer was lost, so the account may not exist. */
async function deleteIfPresent(): Promise<void> {
  const answer = await logIn();
  if (answer.status === 401) return;
  const { access } = tokensOf(answer);
  expectStatus(await send('DELETE', '/account/me', { access, json: { password } }), 204);
}

function logIn(): Promise<Answer> {
  return send('POST', '/account/login', { json: credentials });
}

function refresh(token: string): Promise<Answer> {
  return send('POST', '/account/token/refresh', { json: { refresh: token } });
}

async function send(
  method: string,
  path: string,
  content: { json?: unknown; form?: URLSearchParams; access?: string } = {},
): Promise<Answer> {
  const headers = new Headers({ Accept: 'application/json' });
  if (content.json !== undefined) headers.set('Content-Type', 'application/json');
  if (content.access !== undefined) headers.set('Authorization', `Bearer ${content.access}`);
  const response = await fetch(base + path, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    ...(content.json !== undefined && { body: JSON.stringify(content.json) }),
    ...(content.form !== undefined && { body: content.form }),
  });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('Content-Type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) throw new Failure(`the answer is ${describe(answer)}`);
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expectStatus(answer, status);
  const type = answer.headers.get('Content-Type') ?? 'no content type';
  if (!type.startsWith('application/problem+json')) throw new Failure(`the content type is ${type}`);
  if (answer.body.code !== code) throw new Failure(`the answer is ${describe(answer)}`);
}

function tokensOf(answer: Answer): { access: string; refresh: string } {
  const { access, refresh } = answer.body;
  if (typeof access !== 'string' || typeof refresh !== 'string')
    throw new Failure(`the answer is ${describe(answer)}, without both tokens`);
  return { access, refresh };
}

/** Not the text of the token: each ES256 signature differs. */
function identityOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { jti, iat, exp } = JSON.parse(payload) as Record<string, unknown>;
  if (typeof jti !== 'string') throw new Failure('the refresh token has no jti');
  return JSON.stringify([jti, iat, exp]);
}

/** Never quotes the body, which may contain a token. */
function describe({ status, body, headers }: Answer): string {
  const code = typeof body.code === 'string' ? ` ${body.code}` : '';
  const hint = body.code === 'misconfigured' ? ', see the log for the cause (npx wrangler tail)' : '';
  const fields = body.errors ? ` ${JSON.stringify(body.errors)}` : '';
  return `${status}${code}${hint}${fields} (request ${headers.get('X-Request-Id') ?? 'without an id'})`;
}

/** Prints a line; a failure is recorded and thrown, as the following checks need the result. */
async function check<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    const outcome = await work();
    console.log(`ok    ${name}`);
    return outcome;
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`skip  ${name}, and the checks after it: ${error.message}`);
      throw error;
    }
    const line = `${name}: ${reasonOf(error)}`;
    console.log(`FAIL  ${line}`);
    failures.push(line);
    throw new Failure(line);
  }
}

/** Prints a line; a failure does not stop the following checks. */
async function independently(name: string, work: () => void | Promise<void>): Promise<void> {
  await separately(() => check(name, work));
}

/** A failure, which `check` has recorded, ends this part only. */
async function separately(part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (error) {
    if (!(error instanceof Failure || error instanceof Skipped)) throw error;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : undefined;
  // If several addresses were tried, the message of the cause is empty and only its code helps.
  const detail = cause && (cause.message || (cause as NodeJS.ErrnoException).code);
  return detail ? `${error.message} (${detail})` : error.message;
}
