// The passkey button of the log-in: asks the browser for a passkey and posts it with the form. The form stays hidden where the
// browser lacks the JSON methods of WebAuthn Level 3.
const form = document.querySelector('[data-passkey]');
const button = form.querySelector('button');
const fault = form.querySelector('[data-not-used]');

async function usePasskey() {
  const answer = await fetch(form.dataset.passkey, { method: 'POST' });
  if (answer.status === 429) {
    return tell(fault.dataset.throttled.replace('{count}', answer.headers.get('Retry-After')));
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await answer.json());
  const credential = await navigator.credentials.get({ publicKey });
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

function tell(sentence) {
  fault.textContent = sentence;
  button.disabled = false;
  button.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  button.disabled = true;
  fault.textContent = '';
  usePasskey().catch(() => tell(fault.dataset.notUsed));
});
// The browser's "Back" may show the page as it was left.
addEventListener('pageshow', () => {
  button.disabled = false;
});

form.hidden = !globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON;
