/**
 * The script of the page that the link in a sign-in e-mail opens; `npm run build:assets` builds
 * assets/static/email-sign-in.js from it. Nothing is sent until the user presses the button, since mail scanners follow
 * links. Without a token it asks for the address and the code of the e-mail.
 */
import { AccountsError } from '../../client/index.ts';
import { client } from './account.ts';
import { all, find, say, showStep, tell } from './dom.ts';
import { clear, onSubmit, prepare, type Values } from './forms.ts';
import { takeToken } from './link.ts';

let token = takeToken();
/** The token of a sign-in that waits for its second factor. */
let mfaToken: string | null = null;
const again = find('[data-again]');

function show(name: 'link' | 'code' | 'factor'): void {
  for (const part of all('[data-part]')) part.hidden = part.dataset.part !== name;
  again.hidden = name !== 'factor';
  find(`[data-part=${name}]`).querySelector('input')?.focus();
}

/** The field takes codes of the app and recovery codes. */
async function sendFactor(mfa_token: string, typed: string): Promise<void> {
  const isCode = /^[\d\s-]+$/.test(typed) && typed.replace(/\D/g, '').length === 6;
  try {
    await client.signIn('/login/second-factor', { mfa_token, [isCode ? 'code' : 'recovery_code']: typed });
  } catch (error) {
    if (!(error instanceof AccountsError)) throw error;
    // Also the answer once the sign-in is over: after five wrong codes, or five minutes.
    if (error.code === 'code_not_valid') throw new AccountsError(401, { code: 'factor' });
    const factor = error.errors.code ?? error.errors.recovery_code;
    throw factor ? new AccountsError(400, { code: 'invalid', errors: { factor: [...factor] } }) : error;
  }
}

async function sendProof({ email = '', code = '' }: Values): Promise<void> {
  const proof = token === null ? { email: email.trim(), code: code.trim() } : { token };
  try {
    await client.signIn('/login/email/confirm', proof);
  } catch (error) {
    if (!(error instanceof AccountsError) || !('token' in error.errors)) throw error;
    token = null;
    show('code');
    throw new AccountsError(400, { code: 'dead' });
  }
}

onSubmit(
  'act',
  async (values) => {
    const told = find('[data-told=act]');
    tell(told, '');
    try {
      await (mfaToken === null ? sendProof(values) : sendFactor(mfaToken, (values.factor ?? '').trim()));
      showStep('done');
    } catch (error) {
      if (!(error instanceof AccountsError) || error.code !== 'mfa_required') throw error;
      mfaToken = String(error.problem.mfa_token);
      show('factor');
      tell(told, error.message, '');
    }
  },
  { dead: say('dead'), factor: say('factorWrong') },
);

// The code or link of the e-mail is used up.
again.addEventListener('click', () => {
  mfaToken = token = null;
  find<HTMLFormElement>('#act').reset();
  clear(find<HTMLFormElement>('#act'));
  tell(find('[data-told=act]'), '');
  show('code');
});

prepare();
show(token === null ? 'code' : 'link');
