const $ = (id) => document.getElementById(id);
const say = (text) => {
  $('message').textContent = text;
};

const ENDED = 'Your session has ended. Please sign in again.';

const accounts = await import('./accounts.js').catch(() => null);
if (accounts === null) {
  say('The account service cannot be reached.');
  $('retry').hidden = false;
  $('retry').addEventListener('click', () => location.reload());
} else {
  await start(accounts);
}

async function start({ client, comeBack, goTo, settingsUrl }) {
  // `client.fetch` sends the access token, and refreshes it when it is about to expire.
  async function api(method, path = '', body = undefined) {
    const answer = await client
      .fetch(`/api/notes${path}`, {
        method,
        ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
      })
      .catch(() => {
        throw new Error('There is no connection. Please try again.');
      });
    if (answer.status === 401) throw new Error(ENDED);
    // Another tab has deleted it.
    if (method === 'DELETE' && answer.status === 404) return null;
    // Not everything that answers is this API: a proxy sends HTML.
    const json = await answer.json().catch(() => null);
    if (answer.ok) return json;
    throw new Error(json?.detail ?? `Something went wrong (${answer.status}). Please try again.`);
  }

  let newest = 0;
  async function list() {
    const own = ++newest;
    const { notes } = await api('GET');
    // An older answer may come later, or after the user signed out.
    if (own !== newest) return;
    $('list').replaceChildren(...notes.map(row));
    $('empty').hidden = notes.length > 0;
  }

  // One click, one request: until it has ended, the button does nothing.
  async function run(button, work, done) {
    button.disabled = true;
    say('');
    try {
      await work();
      say(done);
    } catch (error) {
      say(error.message);
    } finally {
      button.disabled = false;
      // While it was disabled it lost the focus.
      if (document.activeElement === document.body) button.focus();
    }
  }

  function row({ id, text }) {
    const item = document.createElement('li');
    const words = document.createElement('p');
    words.textContent = text;
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.textContent = 'Delete';
    remove.setAttribute('aria-label', `Delete: ${text}`);
    const work = async () => {
      await api('DELETE', `/${encodeURIComponent(id)}`);
      await list();
      // The button with the focus is gone.
      $('heading').focus();
    };
    remove.addEventListener('click', () => run(remove, work, 'The note is deleted.'));
    item.append(words, remove);
    return item;
  }

  async function show() {
    const { isSignedIn } = client;
    $('stranger').hidden = isSignedIn;
    for (const id of ['user', 'notes']) $(id).hidden = !isSignedIn;
    // Nothing of one user stays for the next one.
    newest++;
    $('list').replaceChildren();
    $('empty').hidden = true;
    $('new').reset();
    if (isSignedIn) await list().catch((error) => say(error.message));
  }

  $('account').href = settingsUrl;
  $('sign-in').addEventListener('click', () => goTo('sign-in'));
  $('sign-up').addEventListener('click', () => goTo('sign-up'));
  $('sign-out').addEventListener('click', () => {
    // The tokens are deleted first, whatever happens then.
    const work = () =>
      client
        .logOut()
        .catch(() => {
          throw new Error('You are signed out here, but the account service could not be reached.');
        })
        .finally(() => $('sign-in').focus());
    return run($('sign-out'), work, 'You are signed out.');
  });
  $('new').addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const work = async () => {
      await api('POST', '', { text: form.elements.text.value });
      form.reset();
      form.elements.text.focus();
      await list();
    };
    return run(event.submitter, work, 'The note is added.');
  });

  // In this tab or another one.
  client.onChange(({ type, reason }) => {
    if (type === 'refreshed') return undefined;
    say(type === 'signedOut' && reason !== 'logOut' ? ENDED : '');
    return show();
  });
  say('');
  await comeBack().catch((error) => say(error.message));
  await show();
}
