// What the pages behind links in e-mails have in common: what they say, one request at a time, and waiting.
const status = document.querySelector('[role=status]');
const words = JSON.parse(status.dataset.words);
const offline = document.querySelector('[data-offline]');

/** The sentence below the form. A `bad` one takes the focus. */
export function say(text, mood = '') {
  status.textContent = text;
  status.className = mood;
  if (mood === 'bad') status.focus();
}

export const sayUnreached = () => say(navigator.onLine ? words.unreachable : words.offline, 'bad');

/** After a 429 or 503: says how long to wait, and counts down on the button. */
export function wait(button, code, seconds) {
  say((code === 429 ? words.throttled : words.unavailable).replace('{seconds}', seconds), 'bad');
  const label = button.textContent;
  const until = Date.now() + seconds * 1_000;
  const count = () => {
    const left = Math.ceil((until - Date.now()) / 1_000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? words.wait.replace('{label}', label).replace('{seconds}', left) : label;
    if (left > 0) setTimeout(count, 250);
    else say('');
  };
  count();
}

/** Calls `work` with the form's button, which is disabled meanwhile. `work` enables it if the form can be sent again. */
export function onSubmit(form, work) {
  const button = form.querySelector('button');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    form.setAttribute('aria-busy', 'true');
    say('');
    await work(button);
    form.removeAttribute('aria-busy');
  });
}

const look = () => {
  offline.hidden = navigator.onLine;
};
addEventListener('online', look);
addEventListener('offline', look);
look();
