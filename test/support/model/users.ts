/** Commands about users: what staff do to them, and the links in their mail. */
import type { Answer, World } from '../world.ts';
import {
  alive,
  anyToken,
  command,
  expectAnswer,
  expectInStep,
  PASSWORDS,
  pick,
  type Real,
} from './command.ts';
import {
  addUser,
  changeAddress,
  disowns,
  HOUR,
  isUnproven,
  type LinkKind,
  leave,
  type MLink,
  type Model,
  type MUser,
  mail,
  mayHaveAnotherReset,
  mayTakeBack,
  ownerOf,
  setActive,
  setPassword,
  setStaff,
  takeBack,
  voidLinks,
  works,
} from './rules.ts';
import { signUp, statusFor } from './sessions.ts';

/** An action of staff on the user with an address. */
const byStaff = (
  what: string,
  address: string,
  act: (asked: { w: World; path: string; token: string }) => Promise<Answer>,
  judge: (user: MUser) => { outcome: string; status: number; effect?: () => void },
) =>
  command(
    `staff ${what} ${address}`,
    async (model, real) => {
      const { w, staff, clock } = real;
      if (clock.now >= staff.until) {
        staff.access = (await w.logIn(staff)).body.access;
        staff.until = clock.now + (HOUR / 2) * 1_000;
      }
      const [row] = await w.rows('SELECT id FROM users WHERE email = ?', real.emailOf(address));
      const answer = await act({ w, path: `/admin/api/users/${row?.id}`, token: staff.access });
      const { outcome, status, effect } = judge(ownerOf(model, address) as MUser);
      expectAnswer(real, answer, outcome, status);
      effect?.();
    },
    (model) => ownerOf(model, address) !== undefined,
  );

const change = (
  what: string,
  address: string,
  body: { is_active?: boolean; is_staff?: boolean; unverified?: boolean },
  judge: Parameters<typeof byStaff>[3],
) => byStaff(what, address, ({ w, path, token }) => w.patch(path, body, { token }), judge);

export const activate = (address: string, active: boolean) =>
  change(active ? 'activate' : 'deactivate', address, { is_active: active }, (user) => {
    const anew = user.active !== active;
    const may = !(active && anew && user.staff) || user.verified;
    return {
      outcome: `${active ? 'activated' : 'deactivated'}: ${may}, anew: ${anew}`,
      status: may ? 200 : 400,
      effect: () => may && anew && setActive(user, active),
    };
  });

/** What was pending before must not come back. */
export const deactivateForAWhile = (address: string) =>
  command(
    `staff deactivate ${address}, and activate them again`,
    async (model, real) => {
      await activate(address, false).run(model, real);
      await activate(address, true).run(model, real);
    },
    (model) => ownerOf(model, address) !== undefined,
  );

export const promote = (address: string, unverified: boolean) =>
  change(
    `promote${unverified ? ', verified or not,' : ''}`,
    address,
    { is_staff: true, unverified },
    (user) => {
      const may = user.staff || user.verified || unverified;
      const anew = may && !user.staff;
      return {
        outcome: `promoted: ${may}, anew: ${anew}`,
        status: may ? 200 : 400,
        effect: () => anew && setStaff(user, true),
      };
    },
  );

export const demote = (address: string) =>
  change('demote', address, { is_staff: false }, (user) => ({
    outcome: `demoted, anew: ${user.staff}`,
    status: 200,
    effect: () => user.staff && setStaff(user, false),
  }));

export const remove = (address: string) =>
  byStaff(
    'delete',
    address,
    ({ w, path, token }) => w.delete(path, undefined, { token }),
    (user) => ({ outcome: 'deleted by staff', status: 204, effect: () => leave(user) }),
  );

export const askReset = (address: string) =>
  command(`a reset is asked for ${address}`, async (model, real) => {
    const answer = await real.w.post('/account/password/reset', { email: real.emailOf(address) });
    const user = ownerOf(model, address);
    const mailed = user?.active && mayHaveAnotherReset(user, model.now);
    expectAnswer(real, answer, `reset asked, mailed: ${mailed ?? false}`, 202);
    if (mailed) mail(model, user as MUser, 'reset');
  });

/** Several at once, so that the limit of links is met. */
export const askResets = (address: string) =>
  command(`a reset is asked for ${address} five times`, async (model, real) => {
    for (let i = 0; i < 5; i++) await askReset(address).run(model, real);
  });

async function sendAskChange(
  model: Model,
  real: Real,
  { at, token }: ReturnType<typeof pick>,
  password: string,
  to: string,
) {
  const answer = await real.w.post(
    '/account/email/change',
    { new_email: real.emailOf(to), password },
    { token: real.tokens[at] as string },
  );
  const { user } = token.session;
  const right = statusFor(token, password, model.now);
  const status = right === 204 ? 202 : right;
  const taken = ownerOf(model, to) !== undefined;
  const outcome = `change asked: ${status}${status === 202 && taken ? ', taken' : ''}`;
  if (!expectAnswer(real, answer, outcome, status)) return;
  voidLinks(user, 'change');
  if (!taken) mail(model, user, 'change', to);
}

export const askChange = (of: number, password: string, to: string) =>
  command(
    `change of address with token ${of} and "${password}" to ${to}`,
    (model, real) => sendAskChange(model, real, pick(model, of, 'access'), password, to),
    anyToken,
  );

/** One of the latest of a kind, used as its mail says (or a verification as "This wasn't me"). */
const useLink = (
  what: string,
  kind: LinkKind,
  of: number,
  act: (real: Real, link: string) => Promise<Answer>,
  judge: (
    model: Model,
    link: MLink,
    answer: Answer,
    real: Real,
  ) => { outcome: string; status: number; effect?: () => void },
) =>
  command(
    `${what}, ${of} before the latest`,
    async (model, real) => {
      const link = linksOf(model, kind).at(-1 - of) as MLink;
      const answer = await act(real, real.links[model.links.indexOf(link)] as string);
      const { outcome, status, effect } = judge(model, link, answer, real);
      if (expectAnswer(real, answer, `${what}: ${outcome}`, status)) effect?.();
    },
    (model) => linksOf(model, kind).length > of,
  );
const linksOf = ({ links }: Readonly<Model>, kind: LinkKind) => links.filter((link) => link.kind === kind);

const post =
  (path: string, more: object = {}) =>
  ({ w }: Real, token: string) =>
    w.post(path, { token, ...more });
const VOID = { outcome: 'void', status: 400 };

export const confirmAddress = (of: number) =>
  useLink('verification', 'verify', of, post('/account/email/verify'), ({ now }, link) => {
    if (!works(link, now)) return VOID;
    const effect = () => {
      link.user.verified = true;
      voidLinks(link.user, 'verify');
    };
    return { outcome: 'ok', status: 204, effect };
  });

export const signUpAndConfirm = (address: string, password: string) =>
  command(
    `${address} signs up with "${password}", and confirms the address`,
    async (model, real) => {
      await signUp(address, password).run(model, real);
      await confirmAddress(0).run(model, real);
    },
    (model) => ownerOf(model, address) === undefined,
  );

export const disown = (of: number) =>
  useLink('“This wasn’t me”', 'verify', of, post('/account/email/disown'), (_, link) =>
    disowns(link) ? { outcome: 'ok', status: 204, effect: () => leave(link.user) } : VOID,
  );

export const reset = (of: number, password: string) =>
  useLink(
    'reset',
    'reset',
    of,
    post('/account/password/reset/confirm', { new_password: password }),
    (model, link) => {
      if (!works(link, model.now)) return VOID;
      const { user } = link;
      if (!isUnproven(user)) {
        return { outcome: 'ok', status: 204, effect: () => setPassword(user, password, 'mail') };
      }
      const effect = () => {
        leave(user);
        addUser(model, { address: user.address, password, verified: true });
      };
      return { outcome: 'another account', status: 204, effect };
    },
  );

export const confirmChange = (of: number) =>
  useLink('change of address', 'change', of, post('/account/email/verify'), (model, link) => {
    if (!works(link, model.now)) return VOID;
    if (ownerOf(model, link.address)) return { outcome: 'taken', status: 409 };
    return { outcome: 'ok', status: 204, effect: () => changeAddress(model, link.user, link.address) };
  });

const TOO_LATE = ', and confirms it after somebody signed up with it';
export const ENDS = ['', ', and confirms it', TOO_LATE] as const;

/** Of those who are logged in, so that it is common. */
export const moveTo = (of: number, address: string, end: (typeof ENDS)[number]) =>
  command(
    `whoever has one of the live tokens (${of}) asks for ${address}${end}`,
    async (model, real) => {
      const found = alive(model);
      const mover = found[of % found.length] as ReturnType<typeof pick>;
      await sendAskChange(model, real, mover, mover.token.session.user.password as string, address);
      expectInStep(model, real);
      if (end === '' || linksOf(model, 'change').length === 0) return;
      if (end === TOO_LATE) await signUp(address, PASSWORDS[0]).run(model, real);
      await confirmChange(0).run(model, real);
    },
    (model) => alive(model).length > 0,
  );

export const takeBackAddress = (of: number) =>
  useLink('taking back', 'take_back', of, post('/account/email/take-back'), (model, link, answer, real) => {
    if (!works(link, model.now)) return VOID;
    if (!mayTakeBack(model, link)) return { outcome: 'taken', status: 409 };
    const effect = () => {
      takeBack(model, link);
      real.links.push(answer.body.reset_token);
    };
    const from = ownerOf(model, link.address);
    return { outcome: from && from !== link.user ? 'ok, from another' : 'ok', status: 200, effect };
  });
