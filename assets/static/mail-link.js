// The pages that links in mail open. Nothing is sent until somebody presses the button, since mail scanners follow
// links. The token comes from the fragment, which reaches no server and no log; from ?token=, where a gateway took the
// fragment off; or from the field. It is kept for a reload in this tab, until it is used.
import { onSubmit, say, sayUnreached, wait } from './mail-page.js';

const form = document.querySelector('#act');
const again = document.querySelector('#again');
const button = form.querySelector('button');
const part = (name) => document.querySelector(`[data-part=${name}]`);
const { kind, done, dead, proof, next } = form.dataset;
const KEPT = `hono-accounts.${kind}.token`;
// What this browser remembers of its own sign-up: it proves that whoever confirms is who signed up.
const CLAIM = 'hono-accounts.claim';

const store = (area, change) => {
  try {
    return change(window[area]);
  } catch {
    return null; // Storage that is switched off: nothing is remembered.
  }
};

const fromLink =
  new URLSearchParams(location.hash.slice(1)).get('token') ??
  new URLSearchParams(location.search).get('token');
// It does not stay in the address bar or the history.
history.replaceState(null, '', location.pathname);
if (fromLink) store('sessionStorage', (area) => area.setItem(KEPT, fromLink));
let token = fromLink ?? store('sessionStorage', (area) => area.getItem(KEPT));
if (!token) part('code').hidden = false;

const forget = () => store('sessionStorage', (area) => area.removeItem(KEPT));

async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang },
    body: JSON.stringify(body),
  });
  const { ok, status, headers } = response;
  return {
    ok,
    status,
    retryAfter: Number(headers.get('Retry-After')),
    body: status === 204 ? {} : await response.json(),
  };
}

function bodyOf() {
  const body = { token: token ?? form.elements.token.value };
  for (const name of ['password', 'new_password']) {
    const value = form.elements[name]?.value;
    if (value) body[name] = value;
  }
  if (kind === 'reset') body.new_password ??= '';
  const claim = kind === 'verify' && store('localStorage', (area) => area.getItem(CLAIM));
  if (claim) body.claim = claim;
  return body;
}

function succeeded(body) {
  forget();
  if (kind === 'verify') store('localStorage', (area) => area.removeItem(CLAIM));
  if (kind === 'take_back') {
    location.assign(`${next}#token=${body.reset_token}`);
    return;
  }
  form.remove();
  again?.remove();
  if (part('back')) part('back').hidden = false;
  say(done, 'good');
}

function refused({ status, retryAfter, body: { detail, errors = {} } }) {
  const codes = (errors.password ?? []).map(({ code }) => code);
  if (errors.token) {
    forget();
    say(dead, 'bad');
    part('code').hidden = false;
    if (again) again.hidden = false;
    // A dead link stays dead; a code may be typed anew.
    button.disabled = token !== null;
    token = null;
    return;
  }
  button.disabled = false;
  if (retryAfter > 0) {
    wait(button, status, retryAfter);
    return;
  }
  if (kind === 'verify' && part('proof').hidden && codes.includes('required')) {
    part('proof').hidden = false;
    say(proof);
    form.elements.password.focus();
    return;
  }
  const messages = Object.values(errors).flatMap((list) => list.map(({ message }) => message));
  say(messages.join(' ') || detail, 'bad');
}

// Whose password it is, so that a password manager keeps it under that name; and a dead link says so at once.
async function look(code) {
  try {
    const answer = await post(form.dataset.check, { token: code });
    if (answer.ok) form.elements.username.value = answer.body.email;
    else if (token && answer.body.errors?.token) refused(answer);
  } catch {
    // Not reached: the button will say so.
  }
}
form.elements.token.addEventListener('input', () => {
  button.disabled = false;
});
if (kind === 'reset') {
  if (token) void look(token);
  form.elements.token.addEventListener('change', ({ target }) => look(target.value));
}

onSubmit(form, async () => {
  try {
    const answer = await post(location.pathname, bodyOf());
    if (answer.ok) succeeded(answer.body);
    else refused(answer);
  } catch {
    button.disabled = false;
    sayUnreached();
  }
});

async function sendAgain(sender) {
  sender.disabled = false;
  try {
    const { to, sent } = again.dataset;
    const { ok, status, retryAfter, body } = await post(to, { email: again.elements.email.value });
    if (ok) say(sent, 'good');
    else if (retryAfter > 0) wait(sender, status, retryAfter);
    else say(body.detail, 'bad');
  } catch {
    sayUnreached();
  }
}
if (again) onSubmit(again, sendAgain);

for (const box of document.querySelectorAll('[data-show]')) {
  box.addEventListener('change', () => {
    for (const name of ['password', 'new_password']) {
      if (form.elements[name]) form.elements[name].type = box.checked ? 'text' : 'password';
    }
  });
}
