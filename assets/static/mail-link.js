// The pages that links in mail open. Nothing is sent until somebody presses the button, since mail scanners follow
// links. The token comes from the fragment, which reaches no server and no log; from ?token=, where a gateway took the
// fragment off; or from the field. It is kept for a reload in this tab, until it is used.
const form = document.querySelector('#act');
const again = document.querySelector('#again');
const status = document.querySelector('[role=status]');
const button = form.querySelector('button');
const part = (name) => document.querySelector(`[data-part=${name}]`);
const { kind, done, dead, failed, proof, next } = form.dataset;
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

function say(text, mood) {
  status.textContent = text;
  status.className = mood;
}

const forget = () => store('sessionStorage', (area) => area.removeItem(KEPT));

async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang },
    body: JSON.stringify(body),
  });
  return { ok: response.ok, body: response.status === 204 ? {} : await response.json() };
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

function refused({ detail, errors = {} }) {
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
  if (kind === 'verify' && part('proof').hidden && codes.includes('required')) {
    part('proof').hidden = false;
    say(proof, '');
    form.elements.password.focus();
    return;
  }
  const messages = Object.values(errors).flatMap((list) => list.map(({ message }) => message));
  say(messages.join(' ') || detail, 'bad');
}

// Whose password it is, so that a password manager keeps it under that name; and a dead link says so at once.
async function look(code) {
  try {
    const { ok, body } = await post(form.dataset.check, { token: code });
    if (ok) form.elements.username.value = body.email;
    else if (token && body.errors?.token) refused(body);
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

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  say('', '');
  try {
    const { ok, body } = await post(location.pathname, bodyOf());
    if (ok) succeeded(body);
    else refused(body);
  } catch {
    say(failed, 'bad');
    button.disabled = false;
  }
});

again?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { to, sent, failed: unreached } = again.dataset;
  try {
    const { ok, body } = await post(to, { email: again.elements.email.value });
    say(ok ? sent : body.detail, ok ? 'good' : 'bad');
  } catch {
    say(unreached, 'bad');
  }
});

for (const box of document.querySelectorAll('[data-show]')) {
  box.addEventListener('change', () => {
    for (const name of ['password', 'new_password']) {
      if (form.elements[name]) form.elements[name].type = box.checked ? 'text' : 'password';
    }
  });
}
