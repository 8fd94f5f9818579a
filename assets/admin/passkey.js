// The passkey button of the log-in: asks the browser for a passkey and posts it with the form. The form stays hidden where the
// browser lacks the JSON methods of WebAuthn Level 3.
const form = document.querySelector('[data-passkey]');
const fault = form.querySelector('[data-not-used]');

async function usePasskey() {
  const answer = await fetch(form.dataset.passkey, { method: 'POST' });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await answer.json());
  const credential = await navigator.credentials.get({ publicKey });
  form.elements.credential.value = JSON.stringify(credential);
  form.submit();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { submitter } = event;
  submitter.disabled = true;
  fault.textContent = '';
  usePasskey().catch(() => {
    submitter.disabled = false;
    fault.textContent = fault.dataset.notUsed;
  });
});

form.hidden = !globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON;
