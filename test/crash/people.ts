/**
 * Users who sign up, log in and out, refresh, change their password and withdraw, one request after another, and remember the
 * answers. A request whose answer was lost is repeated; each step states the answers that are then possible.
 */
import { randomBytes, randomInt } from 'node:crypto';
import type { Answer, Killable } from './killable.ts';

export interface Session {
  access: string;
  refresh: string;
  isOut: boolean;
}

export interface Person {
  email: string;
  password: string;
  isWithdrawn: boolean;
  sessions: Session[];
}

export type Act = 'signUp' | 'logIn' | 'refresh' | 'logOut' | 'changePassword' | 'withdraw';

export interface Population {
  people: Person[];
  counts: Record<Act, { answered: number; lost: number }>;
  /** What was answered against the contract; each is a defect. */
  faults: string[];
  /** Lives until `stop` is aborted; what was begun is finished. */
  live: (stop: AbortSignal) => Promise<void>;
  logIn: (person: Person) => Promise<Session | undefined>;
}

const ACTS_PER_LIFE = 12;

export const jtiOf = (token: string): string =>
  String(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti);

export function population(server: Killable): Population {
  const people: Person[] = [];
  const faults: string[] = [];
  const none = () => ({ answered: 0, lost: 0 });
  const counts: Population['counts'] = {
    signUp: none(),
    logIn: none(),
    refresh: none(),
    logOut: none(),
    changePassword: none(),
    withdraw: none(),
  };

  /** `retried`: what may be answered too where an earlier answer was lost, because the first request had its effect. */
  function expectStatus(
    act: Act,
    { status, body, lost }: Answer,
    usual: number,
    retried: number = usual,
  ): boolean {
    counts[act].answered += 1;
    counts[act].lost += lost;
    const isRight = status === usual || (lost > 0 && status === retried);
    if (!isRight)
      faults.push(`${act}: ${status} ${body.code ?? ''}${lost > 0 ? ' after a lost answer' : ''}`);
    return isRight;
  }

  const sessionOf = ({ body }: Answer): Session => ({
    access: String(body.access),
    refresh: String(body.refresh),
    isOut: false,
  });
  const passwordWorks = async ({ email }: Person, password: string) =>
    (await server.send('POST', '/account/login', { json: { email, password } })).status === 200;

  async function signUp(): Promise<Person | undefined> {
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const person: Person = { email, password: newPassword(), isWithdrawn: false, sessions: [] };
    const answer = await server.send('POST', '/account/sign-up', {
      json: { email, password: person.password },
    });
    if (!expectStatus('signUp', answer, 201, 409)) return undefined;
    people.push(person);
    if (answer.status === 201) person.sessions.push(sessionOf(answer));
    return person;
  }

  async function logIn(person: Person): Promise<Session | undefined> {
    const { email, password } = person;
    const answer = await server.send('POST', '/account/login', { json: { email, password } });
    if (!expectStatus('logIn', answer, 200)) return undefined;
    const session = sessionOf(answer);
    person.sessions.push(session);
    return session;
  }

  async function refresh(session: Session): Promise<void> {
    const send = () => server.send('POST', '/account/token/refresh', { json: { refresh: session.refresh } });
    const answer = await send();
    if (!expectStatus('refresh', answer, 200)) return;
    const successor = sessionOf(answer);
    if (answer.lost > 0) {
      const again = await send();
      if (!expectStatus('refresh', again, 200)) return;
      if (jtiOf(sessionOf(again).refresh) !== jtiOf(successor.refresh))
        faults.push('refresh: a second successor');
    }
    Object.assign(session, successor);
  }

  async function logOut(session: Session): Promise<void> {
    const answer = await server.send('POST', '/account/logout', { json: { refresh: session.refresh } });
    if (expectStatus('logOut', answer, 204)) session.isOut = true;
  }

  async function changePassword(person: Person, session: Session): Promise<void> {
    const old = person.password;
    person.password = newPassword();
    const answer = await server.send('POST', '/account/password/change', {
      access: session.access,
      json: { current_password: old, new_password: person.password },
    });
    if (!expectStatus('changePassword', answer, 204, 400)) return;
    for (const other of person.sessions) if (other !== session) other.isOut = true;
    if (answer.lost === 0) return;
    if (!(await passwordWorks(person, person.password)))
      faults.push('changePassword: the new one does not work');
    if (await passwordWorks(person, old)) faults.push('changePassword: the old one works still');
  }

  async function withdraw(person: Person, { access }: Session): Promise<void> {
    const answer = await server.send('DELETE', '/account/me', {
      access,
      json: { password: person.password },
    });
    if (!expectStatus('withdraw', answer, 204, 401)) return;
    person.isWithdrawn = true;
    for (const session of person.sessions) session.isOut = true;
  }

  async function act(person: Person): Promise<void> {
    const alive = person.sessions.filter(({ isOut }) => !isOut);
    const session = alive[randomInt(Math.max(1, alive.length))];
    const dice = randomInt(100);
    if (session === undefined || dice < 25) await logIn(person);
    else if (dice < 65) await refresh(session);
    else if (dice < 80) await logOut(session);
    else if (dice < 90) await changePassword(person, session);
    else await withdraw(person, session);
  }

  async function live(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const person = await signUp();
      for (let i = 0; person && i < ACTS_PER_LIFE && !person.isWithdrawn && !stop.aborted; i += 1)
        await act(person);
    }
  }

  return { people, counts, faults, live, logIn };
}

const newPassword = () => randomBytes(12).toString('base64url');
