/** A window on text that comes in chunks, and a scanner for the end of a JSON value. */

/** The unread text begins at `at`, on the line `line`, counted from 1. */
export interface Window {
  text: string;
  at: number;
  line: number;
  /** Reads one more chunk; false at the end of the file. */
  more: () => Promise<boolean>;
  /** Advances to `end` and returns the text in between. */
  take: (end: number) => string;
}

export function openWindow(chunks: AsyncIterator<string>): Window {
  return {
    text: '',
    at: 0,
    line: 1,
    async more() {
      const { value, done } = await chunks.next();
      if (done) return false;
      this.text = this.text.slice(this.at) + value;
      this.at = 0;
      return true;
    },
    take(end) {
      const taken = this.text.slice(this.at, end);
      for (let i = taken.indexOf('\n'); i >= 0; i = taken.indexOf('\n', i + 1)) this.line += 1;
      this.at = end;
      return taken;
    },
  };
}

const WHITE_SPACE = /[\s\ufeff]*/y;

/** Advances to the next character that is not white space and returns it; '' at the end of the file. */
export async function skipSpace(window: Window): Promise<string> {
  for (;;) {
    WHITE_SPACE.lastIndex = window.at;
    WHITE_SPACE.test(window.text);
    window.take(WHITE_SPACE.lastIndex);
    if (window.at < window.text.length) return window.text.charAt(window.at);
    if (!(await window.more())) return '';
  }
}

/** Takes the rest of the line with its line break, and returns it without trailing white space. */
export async function takeLine(window: Window): Promise<string> {
  for (;;) {
    const end = window.text.indexOf('\n', window.at);
    if (end >= 0) return window.take(end + 1).trimEnd();
    if (!(await window.more())) return window.take(window.text.length).trimEnd();
  }
}

/** Takes the JSON value that begins here; null if the file ends within it. */
export async function takeValue(window: Window): Promise<string | null> {
  for (;;) {
    const end = endOfValue(window.text, window.at);
    if (end >= 0) return window.take(end);
    if (!(await window.more())) return null;
  }
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN = new Set([91, 123]);
const CLOSE = new Set([93, 125]);

/** The index after the value that begins at `from`, found by brackets and quotes; -1 if the text ends before it. */
export function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
      if (i < 0) return -1;
      if (depth === 0) return i + 1;
    } else if (OPEN.has(code)) {
      depth += 1;
    } else if (CLOSE.has(code)) {
      depth -= 1;
      if (depth < 0) return i;
      if (depth === 0) return i + 1;
    } else if (depth === 0 && (code === COMMA || code <= 32)) {
      return i;
    }
  }
  return -1;
}

/** The index of the closing quote; -1 if there is none yet. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return -1;
}
