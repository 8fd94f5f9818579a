/** What every command of test/workers/model.test.ts is made of: it asks the Worker, moves the model, and compares. */
import type fc from 'fast-check';
import { expect } from 'vitest';
import { type Answer, claimsOf, type Person, type World } from '../world.ts';
import { type Model, type MToken, tokenStatus } from './rules.ts';

export const PASSWORDS = ['correct horse battery', 'staple another battery'] as const;

export interface Real {
  w: World;
  clock: { now: number };
  /** The whole of an address in this run. */
  emailOf: (address: string) => string;
  /** Somebody at the console, whom no command means. */
  staff: Person & { access: string; until: number };
  tokens: string[];
  /** On their way, read after each command. */
  mails: { to: string; token: string | null }[];
  links: string[];
}

export type Command = fc.AsyncCommand<Model, Real>;

/** Every kind of outcome that came, so that a search that never gets anywhere is seen. */
export const outcomes = new Set<string>();

/** A command of this name; every one takes a second, so that log-ins have an order. */
export function command(
  text: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command {
  return {
    check,
    toString: () => text,
    run: async (model, real) => {
      model.now += 1;
      real.clock.now += 1_000;
      await run(model, real);
      expectInStep(model, real);
    },
  };
}

/** The same tokens and links on both sides, and those handed out last mean the same. */
export function expectInStep(model: Model, real: Real) {
  expect(real.tokens.length).toBe(model.tokens.length);
  const last = [...model.tokens.keys()].slice(-2);
  expect(last.map((at) => meaningOf(real.tokens[at] as string))).toEqual(
    last.map((at) => {
      const { kind, expiresAt, says } = model.tokens[at] as MToken;
      return kind === 'access' ? { kind, expiresAt, says } : { kind, expiresAt };
    }),
  );
  // A refresh token that the model holds twice is one, and one that it holds once is new.
  const jtis = real.tokens.map((token) => claimsOf(token).jti);
  expect(last.map((at) => jtis.indexOf(jtis[at]))).toEqual(
    last.map((at) => model.tokens.indexOf(model.tokens[at] as MToken)),
  );
  for (const { to, token } of real.mails.splice(0)) {
    if (token === null) continue;
    expect(to).toBe(real.emailOf(model.links[real.links.length]?.address ?? 'nobody'));
    real.links.push(token);
  }
  expect(real.links.length).toBe(model.links.length);
}

function meaningOf(token: string) {
  const { token_type: kind, exp: expiresAt, is_staff, email_verified } = claimsOf(token);
  if (kind !== 'access') return { kind, expiresAt };
  return { kind, expiresAt, says: { staff: is_staff ?? false, verified: email_verified } };
}

/** The answer is this one; what it hands out is kept. Whether it was a success. */
export function expectAnswer(
  real: Real,
  answer: Answer,
  outcome: string,
  status: number,
  details?: string[],
): boolean {
  outcomes.add(outcome);
  expect(answer.status, outcome).toBe(status);
  expect(details ?? [answer.body?.detail], outcome).toContain(answer.body?.detail);
  real.tokens.push(...[answer.body?.access, answer.body?.refresh].filter((token) => token !== undefined));
  return status < 300;
}

/** `of` all tokens ever seen, one, every other time of the newest; of a kind where that matters. */
export function pick(model: Readonly<Model>, of: number, kind?: 'access' | 'refresh') {
  const places = model.tokens.flatMap((token, i) => (kind === undefined || token.kind === kind ? [i] : []));
  const newest = places.length - 1 - ((of / 2) % Math.min(places.length, NEWEST));
  const at = places[of % 2 === 0 ? newest : of % places.length] as number;
  return { at, token: model.tokens[at] as MToken };
}
const NEWEST = 4;

export const alive = ({ tokens, now }: Readonly<Model>) =>
  tokens.flatMap((token, at) =>
    token.kind === 'access' && tokenStatus(token, now) === 'ok' ? [{ at, token }] : [],
  );

export const anyToken = (model: Readonly<Model>) => model.tokens.length > 0;
