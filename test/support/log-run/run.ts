/** A run through all endpoints that remembers every secret it was handed. */
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import type { Overrides } from '../../../src/app.ts';
import { requireAccount } from '../../../src/guard/index.ts';
import { OTHER_SIGNING_KEY, TEST_SIGNING_KEY } from '../tokens.ts';
import { type Answer, type Vars, world } from '../world.ts';

// ---------------------------------------------------------------------------------------------------------------

export const NEW_PASSWORD = 'staple another battery';
export const WEAK_SECRET = 'short-but-still-secret';
export const PLANTED = 'planted-Zx81kQvW5tYb2mHf7cRn-secret';

/** All secrets that the run has issued or received; no line may contain any of them. */
export const secrets = new Set([TEST_SIGNING_KEY, OTHER_SIGNING_KEY, WEAK_SECRET, PLANTED, NEW_PASSWORD]);
export const known = <T extends string>(secret: T): T => {
  secrets.add(secret);
  return secret;
};

/** What an answer hands out is a secret from then on. */
export function note(answer: Answer): Answer {
  const cookies = answer.headers.getSetCookie().map((line) => /^[^=]+=([^;]+)/.exec(line)?.[1]);
  for (const token of [answer.body?.access, answer.body?.refresh, ...cookies]) {
    if (typeof token === 'string') known(token);
  }
  return answer;
}

export const mails: { to: string; text: string }[] = [];
export const EMAIL = { send: async (mail: { to: string; text: string }) => void mails.push(mail) };
export const MAILING = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.org',
  PUBLIC_URL: 'https://accounts.example.org',
};
export const lastToken = (): string => {
  const token = /#token=([\w.-]+)/.exec(mails.at(-1)?.text ?? '')?.[1] ?? 'none';
  known(token.split('.')[1] ?? token);
  return token;
};

export const at = (vars: Vars = {}, bindings: object = {}, parts: Overrides = {}) =>
  world({
    vars: { ...MAILING, ...vars },
    bindings: { EMAIL, ...bindings } as never,
    ...(Object.keys(parts).length > 0 && { parts }),
  });
export const somebody = async (w = at()) => {
  const who = await w.signUp();
  known(who.email);
  known(who.password);
  note(who.answer);
  return who;
};
export const staff = async () => {
  const who = await somebody();
  await env.DB.prepare('UPDATE users SET is_staff = 1 WHERE id = ?').bind(who.user.id).run();
  return who;
};

/** Bindings whose errors say everything that an error could say. */
export const talkative = (email: string) =>
  new Error(
    `Failed query: insert into "users" values (?)\nparams: ${email},${NEW_PASSWORD}\n    at ${PLANTED}`,
  );
export const away = (error: () => Error) => {
  const fail = () => Promise.reject(error());
  const statement = { bind: () => statement, run: fail, all: fail, raw: fail, first: fail };
  return {
    DB: { prepare: () => statement, batch: fail },
    BLACKLIST: { get: fail, put: fail, list: fail },
  };
};
export const guarded = async (token: string, bindings: object): Promise<Answer> => {
  const host = new Hono().get('/', requireAccount(), (c) => c.json({}));
  const context = createExecutionContext();
  const request = new Request('http://localhost/', { headers: { Authorization: `Bearer ${token}` } });
  const response = await host.fetch(request, { ...env, ...bindings }, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
};
export const form = (fields: Record<string, string>) => ({
  headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: MAILING.PUBLIC_URL },
  body: new URLSearchParams(fields).toString(),
});

/** The endpoint, what it is to write (in this order, other lines aside), and the status of its answer. */
export type Step = [name: string, events: string[], status: number, run: () => Promise<Answer>];
