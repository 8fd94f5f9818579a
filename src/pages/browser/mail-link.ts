/**
 * The script of the pages that links in e-mails open; `npm run build:assets` builds assets/static/mail-link.js from it.
 * Nothing is sent until the user presses the button, since mail scanners follow links.
 */
import { AccountsError } from '../../client/index.ts';
import { anonymous } from './account.ts';
import { find, ifThere, page, say, showStep, tell } from './dom.ts';
import { onSubmit, prepare, showFault, type Values } from './forms.ts';
import { CLAIM_KEY, takeToken } from './link.ts';

const { page: kind = '', mount = '' } = page.dataset;
const KEPT = `hono-accounts.${kind}.token`;
const RESET = '/password/reset/confirm';
/** Where a new link is requested. */
const AGAIN: Readonly<Record<string, string>> = { reset: '/password/reset', verify: '/email/verify/resend' };

/** Null if storage is disabled: nothing is remembered then. */
function stored<T>(area: 'localStorage' | 'sessionStorage', use: (storage: Storage) => T): T | null {
  try {
    return use(window[area]);
  } catch {
    return null;
  }
}

const post = <T>(path: string, body: object) => anonymous.request<T>('POST', path, body);
const part = (name: string) => find(`[data-part=${name}]`);

/** Kept for a reload in this tab, until it is used. */
let token = takeToken();
if (token === null) token = stored('sessionStorage', (area) => area.getItem(KEPT));
else stored('sessionStorage', (area) => area.setItem(KEPT, token ?? ''));
const forget = () => stored('sessionStorage', (area) => area.removeItem(KEPT));

const claimOf = () => (kind === 'verify' ? stored('localStorage', (area) => area.getItem(CLAIM_KEY)) : null);

function bodyOf({ token: typed = '', password, new_password }: Values) {
  const claim = claimOf();
  return {
    token: token ?? typed.trim(),
    ...(password && { password }),
    ...((new_password || kind === 'reset') && { new_password }),
    ...(claim && { claim }),
  };
}

function succeeded(answer: { reset_token?: string } | undefined): void {
  forget();
  if (kind === 'take_back') {
    location.assign(`${mount}${RESET}#token=${answer?.reset_token}`);
    return;
  }
  if (kind === 'verify') stored('localStorage', (area) => area.removeItem(CLAIM_KEY));
  ifThere('[data-again]')?.remove();
  showStep('done');
}

/** The link or the code was used or has expired: the user may type a newer code, or request another link. */
function dead(): AccountsError {
  forget();
  token = null;
  part('code').hidden = false;
  const again = ifThere('[data-again]');
  if (again) again.hidden = false;
  return new AccountsError(400, { code: 'dead' });
}
const SENTENCES = { dead: say('dead') };

const isDead = ({ errors }: AccountsError, sent: string): boolean => 'token' in errors && sent !== '';
const needsProof = ({ errors }: AccountsError): boolean =>
  kind === 'verify' &&
  part('proof').hidden &&
  (errors.password ?? []).some(({ code }) => code === 'required');

onSubmit(
  'act',
  async (values) => {
    const told = find('[data-told=act]');
    const body = bodyOf(values);
    tell(told, '');
    try {
      // A page posts to its own address.
      succeeded(await post(location.pathname.slice(mount.length), body));
    } catch (error) {
      if (!(error instanceof AccountsError)) throw error;
      if (isDead(error, body.token)) throw dead();
      if (!needsProof(error)) throw error;
      part('proof').hidden = false;
      tell(told, say('proof'), '');
      find('#act-password').focus();
    }
  },
  SENTENCES,
);

onSubmit('again', async ({ email = '' }) => {
  const told = find('[data-told=again]');
  tell(told, '');
  await post(AGAIN[kind] ?? '', { email: email.trim() });
  tell(told, say('sent'));
});

/** Finds out whose password it is, so that a password manager stores it under that name. Reports a dead link at once. */
async function look(code: string): Promise<void> {
  try {
    const { email } = await post<{ email: string }>('/password/reset/check', { token: code });
    find<HTMLInputElement>('[name=username]').value = email;
  } catch (error) {
    // Other errors are reported when the button is pressed.
    if (token === code && error instanceof AccountsError && isDead(error, code)) {
      showFault(find<HTMLFormElement>('#act'), dead(), SENTENCES);
    }
  }
}

prepare();
if (token === null) part('code').hidden = false;
if (kind === 'reset') {
  if (token !== null) void look(token);
  const field = find<HTMLInputElement>('#act-token');
  field.addEventListener('change', () => void look(field.value.trim()));
}
