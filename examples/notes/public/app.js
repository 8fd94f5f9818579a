import { client, comeBack, goTo, settingsUrl } from './accounts.js';

const $ = (id) => document.getElementById(id);
const say = (text) => {
  $('message').textContent = text;
};

// `client.fetch` sends the access token, and refreshes it when it is about to end. This origin may have it.
async function api(method, path = '', body = undefined) {
  const answer = await client.fetch(`/api/notes${path}`, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (answer.status === 401) {
    show();
    throw new Error('Please sign in again.');
  }
  const json = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? `HTTP ${answer.status}`);
  return json;
}

function row({ id, text }) {
  const item = document.createElement('li');
  const words = document.createElement('p');
  words.textContent = text;
  const remove = document.createElement('button');
  remove.type = 'button';
  remove.textContent = 'Delete';
  remove.setAttribute('aria-label', `Delete: ${text}`);
  remove.addEventListener('click', () =>
    api('DELETE', `/${encodeURIComponent(id)}`)
      .then(list)
      .catch((error) => say(error.message)),
  );
  item.append(words, remove);
  return item;
}

async function list() {
  const { notes } = await api('GET');
  $('list').replaceChildren(...notes.map(row));
  $('empty').hidden = notes.length > 0;
}

function show() {
  const { isSignedIn } = client;
  $('stranger').hidden = isSignedIn;
  for (const id of ['user', 'notes']) $(id).hidden = !isSignedIn;
  if (isSignedIn) list().catch((error) => say(error.message));
}

$('sign-in').addEventListener('click', () => goTo('sign-in'));
$('sign-up').addEventListener('click', () => goTo('sign-up'));
$('sign-out').addEventListener('click', () => client.logOut().catch((error) => say(error.message)));
$('account').href = settingsUrl;
$('new').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  api('POST', '', { text: form.elements.text.value })
    .then(() => {
      form.reset();
      return list();
    })
    .catch((error) => say(error.message));
});

// In this tab or another one.
client.onChange(({ type }) => {
  if (type !== 'refreshed') show();
});
await comeBack().catch((error) => say(error.message));
show();
