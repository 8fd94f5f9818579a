/** Submits forms by script, one at a time. Shows errors at the field and on top, and keeps what was typed. */
import { AccountsError } from '../../client/index.ts';
import { isSignedOut, leaveFor } from './account.ts';
import { all, find, page, say } from './dom.ts';

export type Values = Readonly<Record<string, string>>;

/** Messages that replace the API's, by error code. */
type Sentences = Readonly<Record<string, string>>;

const valuesOf = (form: HTMLFormElement): Values =>
  Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));

const messageOf = (error: unknown, sentences: Sentences): string => {
  if (!(error instanceof AccountsError) || error.code === 'timeout' || error.code === 'invalid_response') {
    return say(navigator.onLine ? 'unreachable' : 'offline');
  }
  const seconds = error.retryAfterSeconds;
  if (seconds !== null) return say(error.status === 429 ? 'throttled' : 'unavailable', { seconds });
  return sentences[error.code] ?? error.message;
};

/** Removes the errors of an earlier submit. */
export function clear(form: HTMLFormElement): void {
  for (const fault of all('[data-fault], [data-fault-of]', form)) fault.textContent = '';
  for (const input of all('[aria-invalid]', form)) input.removeAttribute('aria-invalid');
}

/** As if nothing had been typed or sent. */
export function renew(id: string): void {
  const form = find<HTMLFormElement>(`#${id}`);
  form.reset();
  clear(form);
}

/** Errors of the whole request that one field causes. */
const FIELD_OF: Readonly<Record<string, string>> = { email_taken: 'email', username_taken: 'username' };

/** The errors by field. Empty if they concern no field. */
function fieldErrors({ errors, code, message }: AccountsError): [field: string, text: string][] {
  const field = FIELD_OF[code];
  if (field !== undefined) return [[field, message]];
  return Object.entries(errors).map(([name, faults]) => [name, faults.map((one) => one.message).join(' ')]);
}

/** Shows errors under their fields. Returns the first field, and the errors to show on top. */
function markFields(
  form: HTMLFormElement,
  errors: readonly (readonly [field: string, text: string])[],
): { first: HTMLElement | null; rest: string[] } {
  let first: HTMLElement | null = null;
  const rest: string[] = [];
  for (const [name, text] of errors) {
    const input = form.querySelector<HTMLInputElement>(`input[name="${CSS.escape(name)}"]:not(.unseen)`);
    const place = form.querySelector<HTMLElement>(`[data-fault-of="${CSS.escape(name)}"]`);
    if (!input || !place) {
      rest.push(text);
      continue;
    }
    place.textContent = text;
    input.setAttribute('aria-invalid', 'true');
    first ??= input;
  }
  return { first, rest };
}

/** The session has ended: leaves for the sign-in page, which says so. */
const hasLeft = (error: unknown): boolean =>
  page.dataset.page === 'settings' && isSignedOut(error) && leaveFor('expired');

export function showFault(form: HTMLFormElement, error: unknown, sentences: Sentences = {}): void {
  if (hasLeft(error)) return;
  const top = find('[data-fault]', form);
  const errors = error instanceof AccountsError ? fieldErrors(error) : [];
  if (errors.length > 0) {
    const { first, rest } = markFields(form, errors);
    top.textContent = [...(first ? [say('marked')] : []), ...rest].join(' ');
    (first ?? top).focus();
    return;
  }
  top.textContent = messageOf(error, sentences);
  top.focus();
  if (error instanceof AccountsError && error.retryAfterSeconds) hold(form, error.retryAfterSeconds);
}

/**
 * Why the browser used or made no passkey: the user cancelled, the device cannot, or it has one of this account. Null for
 * other errors; those of requests are none of the DOM.
 */
function passkeyMessage(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  return say(error.name === 'InvalidStateError' ? 'passkeyThere' : 'cancelled');
}

/** Shows an error outside a form. */
export function showFaultAt(place: HTMLElement, error: unknown): void {
  if (hasLeft(error)) return;
  place.textContent = passkeyMessage(error) ?? messageOf(error, {});
  place.focus();
}

/** The user closed the step-up dialog: not an error to show. */
export class NotProven extends Error {}

/** Disables the button, and returns a function that ends it. A disabled button loses the focus: it gets it back. */
function disable(button: HTMLButtonElement): () => void {
  const hadFocus = document.activeElement === button;
  button.disabled = true;
  return () => {
    button.disabled = false;
    if (hadFocus && document.activeElement === document.body) button.focus();
  };
}

/** Runs `work` on a click, and shows its errors at `place`. */
export function attempt(button: HTMLButtonElement, place: HTMLElement, work: () => Promise<unknown>): void {
  button.addEventListener('click', () => {
    place.textContent = '';
    const done = disable(button);
    work().then(done, (error: unknown) => {
      done();
      if (error instanceof NotProven) button.focus();
      else showFaultAt(place, error);
    });
  });
}

/** Disables the button and counts down on it. */
function hold(form: HTMLFormElement, seconds: number): void {
  const button = find<HTMLButtonElement>('[type=submit]', form);
  const label = button.textContent ?? '';
  const until = Date.now() + seconds * 1_000;
  const count = () => {
    const left = Math.ceil((until - Date.now()) / 1_000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? say('wait', { label, seconds: left }) : label;
    if (left > 0) setTimeout(count, 250);
    else find('[data-fault]', form).textContent = '';
  };
  count();
}

/** Enables the form, and calls `work` with its values. Ignores further submits while it runs. */
export function onSubmit(
  id: string,
  work: (values: Values, form: HTMLFormElement) => Promise<unknown>,
  sentences: Sentences = {},
): void {
  const form = document.querySelector<HTMLFormElement>(`#${id}`);
  if (!form) return;
  const button = find<HTMLButtonElement>('[type=submit]', form);
  button.disabled = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.disabled) return;
    clear(form);
    const enable = disable(button);
    form.setAttribute('aria-busy', 'true');
    const done = () => {
      enable();
      form.removeAttribute('aria-busy');
    };
    work(valuesOf(form), form).then(done, (error: unknown) => {
      done();
      if (error instanceof NotProven) button.focus();
      else showFault(form, error, sentences);
    });
  });
}

/** A field error found without a request. */
export const fieldFault = (name: string, message: string): AccountsError =>
  new AccountsError(400, { code: 'invalid', errors: { [name]: [{ message, code: 'invalid' }] } });

/** Common to every page: showing passwords, a message while offline, and nothing old after "Back". */
export function prepare(): void {
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  for (const box of all<HTMLInputElement>('[data-show]')) {
    const passwords = all<HTMLInputElement>('input[type=password]', box.form ?? document);
    const show = (yes: boolean) => {
      for (const input of passwords) input.type = yes ? 'text' : 'password';
    };
    box.addEventListener('change', () => show(box.checked));
    box.form?.addEventListener('reset', () => show(false));
  }
  const line = find('[data-offline]');
  const look = () => {
    line.hidden = navigator.onLine;
  };
  addEventListener('online', look);
  addEventListener('offline', look);
  look();
}
