// The page behind the link of a sign-in mail. Nothing is sent until somebody presses the button, since mail scanners
// follow links. The token comes from the fragment, which reaches no server and no log, or from ?token=, where a gateway
// took the fragment off; without one, the address and the code of the mail are asked for.
import { createClient, webStorage } from '../client.js';
import { onSubmit, say, sayUnreached, wait } from './mail-page.js';

const form = document.querySelector('#act');
const button = form.querySelector('button');
const part = (name) => document.querySelector(`[data-part=${name}]`);
const { mount, cookie, done, dead } = form.dataset;
const client = createClient({
  url: new URL(mount, location.href).href,
  ...(cookie === undefined ? { store: webStorage(localStorage) } : { cookie: true }),
});

const token =
  new URLSearchParams(location.hash.slice(1)).get('token') ??
  new URLSearchParams(location.search).get('token');
// It does not stay in the address bar or the history.
history.replaceState(null, '', location.pathname);
/** What a sign-in that waits for its second factor goes on with. */
let mfaToken = null;

function show(name) {
  for (const each of ['link', 'code', 'factor']) part(each).hidden = each !== name;
  part(name).querySelector('input')?.focus();
}
show(token ? 'link' : 'code');

const value = (name) => form.elements[name].value.trim();

function signIn() {
  if (mfaToken !== null) {
    const typed = value('factor');
    const isCode = /^[\d\s-]+$/.test(typed) && typed.replace(/\D/g, '').length === 6;
    return client.signIn('/login/second-factor', {
      mfa_token: mfaToken,
      [isCode ? 'code' : 'recovery_code']: typed,
    });
  }
  const shown = part('code').hidden ? { token } : { email: value('email'), code: value('code') };
  return client.signIn('/login/email/confirm', shown);
}

function refused({ code, status, retryAfterSeconds, message, problem, errors }) {
  button.disabled = false;
  if (code === 'mfa_required') {
    mfaToken = problem.mfa_token;
    show('factor');
    say(message);
  } else if (errors?.token) {
    show('code');
    say(dead, 'bad');
  } else if (!status || code === 'timeout' || code === 'invalid_response') {
    sayUnreached();
  } else if (retryAfterSeconds) {
    wait(button, status, retryAfterSeconds);
  } else {
    const messages = Object.values(errors).flatMap((list) => list.map((fault) => fault.message));
    say(messages.join(' ') || message, 'bad');
  }
}

onSubmit(form, async () => {
  try {
    await signIn();
    form.remove();
    if (part('back')) part('back').hidden = false;
    say(done, 'good');
  } catch (error) {
    refused(error);
  }
});
