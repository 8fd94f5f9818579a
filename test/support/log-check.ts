/**
 * Checks the log for secrets: captures the console for a whole test file, separated by request. A pattern finds what looks
 * like a secret; a checker that knows the secrets of the test also finds parts of them.
 */
import { afterAll, vi } from 'vitest';

export interface LogLine {
  level: string;
  event: string;
  request_id: string;
  [field: string]: unknown;
}

const LEVELS = ['debug', 'log', 'info', 'warn', 'error', 'trace', 'dir', 'table'] as const;

/** What no line may look like. */
const SHAPES: readonly [what: string, shape: RegExp][] = [
  ['a JWT', /eyJ[\w-]{8,}/],
  ['a password hash', /pbkdf2|argon2|bcrypt|\$2[aby]\$/i],
  ['a SHA-256', /\b[0-9a-f]{64}\b/i],
  ['a whole address', /[^\s"'<>@]+(?:@|%40)[^\s"'<>@]+\.[\p{L}\d-]{2,}/iu],
  ['SQL', /\b(?:select .+ from|insert into|update \W?\w+\W? set|delete from)\b/i],
];

/** A piece of this length is enough to be found; one of it is always cut at a multiple of the half. */
const PIECE = 16;

const spellings = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  btoa(String.fromCharCode(...new TextEncoder().encode(secret))).replace(/=+$/, ''),
];

/** The whole of a short secret, every piece of a long one. */
function tracesOf(secret: string): string[] {
  if (secret.length < 1.5 * PIECE) return [secret];
  const pieces: string[] = [];
  for (let from = 0; from + PIECE <= secret.length; from += PIECE / 2) {
    pieces.push(secret.slice(from, from + PIECE));
  }
  return pieces;
}

/** Every JWT begins so: it is no secret. */
const HEADER_LENGTH = 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.'.length;

/** What is wrong with a text that was logged, without saying the secret; nothing: a clean line. */
export function findings(text: string, secrets: readonly string[] = []): string[] {
  const found = SHAPES.filter(([, shape]) => shape.test(text)).map(([what]) => what);
  const folded = text.toLowerCase();
  const known = secrets.some((secret) => {
    const told = secret.startsWith('eyJ') ? secret.slice(HEADER_LENGTH) : secret;
    return spellings(told)
      .flatMap(tracesOf)
      .some((trace) => folded.includes(trace.toLowerCase()));
  });
  if (known) found.push('a secret that the test knows');

  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return [...found, 'no JSON'];
  }
  if (typeof line !== 'object' || line === null || Array.isArray(line)) return [...found, 'no object'];
  if (text.includes('\n')) found.push('more than one line');
  const { level, event, request_id } = line as Partial<LogLine>;
  if (!['info', 'warn', 'error'].includes(String(level))) found.push('no level');
  if (typeof event !== 'string' || !/^[a-z0-9_]+$/.test(event)) found.push('no event');
  if (typeof request_id !== 'string' || request_id === '') found.push('no request_id');
  return found;
}

function read(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { level: 'none', event: 'not_json', request_id: '', text };
  }
}

const dirt = (texts: readonly string[], secrets: readonly string[]) =>
  texts
    .map((text) => ({ text, findings: findings(text, secrets) }))
    .filter((line) => line.findings.length > 0);

/** The console, captured from now to the end of the file. */
export function watchedConsole() {
  const texts: string[] = [];
  for (const level of LEVELS) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => {
      texts.push(args.map(String).join(' '));
    });
  }
  afterAll(() => {
    vi.restoreAllMocks();
  });
  const textsOf = (requestId: string | null) =>
    texts.filter((text) => text.includes(`"request_id":"${requestId}"`));
  return {
    /** Everything so far, as it was written. */
    get texts(): readonly string[] {
      return texts;
    },
    get lines() {
      return texts.map(read);
    },
    /** The lines of one request, as they were written. */
    textsOf: (requestId: string | null) =>
      texts.filter((text) => text.includes(`"request_id":"${requestId}"`)),
    linesOf: (requestId: string | null) => textsOf(requestId).map(read),
    /** What is wrong with what was logged; nothing: clean. */
    dirty: (secrets: readonly string[] = []) => dirt(texts, secrets),
    dirtyOf: (requestId: string | null, secrets: readonly string[] = []) => dirt(textsOf(requestId), secrets),
  };
}
