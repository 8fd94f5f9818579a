/** Access to the page's elements and to the data it was rendered with. */

export function find<E extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): E {
  const element = root.querySelector<E>(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return element;
}

/** For a part that is rendered only if a feature is on. */
export const ifThere = <E extends HTMLElement = HTMLElement>(selector: string): E | null =>
  document.querySelector<E>(selector);

export const all = <E extends HTMLElement = HTMLElement>(
  selector: string,
  root: ParentNode = document,
): E[] => [...root.querySelectorAll<E>(selector)];

export const page = find('#page');

/** The page's messages, in its language. */
export const words = JSON.parse(page.dataset.words ?? '{}') as Readonly<Record<string, string>>;

export const language = document.documentElement.lang;

export const say = (name: string, values: Readonly<Record<string, string | number>> = {}): string =>
  (words[name] ?? '').replace(/\{(\w+)\}/g, (whole, blank: string) => String(values[blank] ?? whole));

/** Shows one step and hides the others; focuses its heading or first field. */
export function showStep(name: string): void {
  for (const step of all('[data-step]')) step.hidden = step.dataset.step !== name;
  const step = find(`[data-step="${name}"]`);
  step
    .querySelector<HTMLElement>('input:not([type=checkbox]), [tabindex="-1"]:not([data-fault]), button')
    ?.focus();
}

/** Shows a message in a status element, which screen readers announce. */
export function tell(element: HTMLElement, text: string, mood: 'good' | '' = 'good'): void {
  element.className = mood;
  element.textContent = text;
}

/** Tells the result of a section of the settings, or takes it away. */
export const tellDone = (section: string, text = ''): void => tell(find(`[data-done=${section}]`), text);
