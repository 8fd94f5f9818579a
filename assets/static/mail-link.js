// The pages that links in mail open. The token is in the fragment, so that it reaches no server and no log
// before it is used; nothing is sent until somebody presses the button (mail scanners follow links).
const form = document.querySelector('form');
const status = document.querySelector('[role=status]');
const button = form.querySelector('button');
const token = new URLSearchParams(location.hash.slice(1)).get('token');

function say(text, kind) {
  status.textContent = text;
  status.className = kind;
}

// The token does not stay in the address bar or the history.
history.replaceState(null, '', location.pathname);
if (!token) {
  button.disabled = true;
  say(form.dataset.missing, 'bad');
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  button.disabled = true;
  say('', '');
  const body = { token };
  const password = form.querySelector('input[name=new_password]');
  if (password) body.new_password = password.value;
  try {
    const answer = await fetch(location.pathname, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      for (const field of form.querySelectorAll('label, input, button, .hint')) field.remove();
      say(form.dataset.done, 'good');
      return;
    }
    const problem = await answer.json();
    const messages = Object.values(problem.errors ?? {}).flatMap((list) =>
      list.map((fault) => fault.message),
    );
    say(messages.join(' ') || problem.detail, 'bad');
    button.disabled = Boolean(problem.errors?.token);
  } catch {
    say(form.dataset.failed, 'bad');
    button.disabled = false;
  }
});
