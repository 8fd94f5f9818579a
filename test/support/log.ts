/**
 * The console, captured: the tests of a file that calls this are quiet, can ask what was logged, and fail
 * where a line holds what no line may.
 */
import { afterEach, beforeEach, expect, vi } from 'vitest';

export interface Line {
  level: string;
  event: string;
  request_id: string;
  [field: string]: unknown;
}

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;

/** Passwords of the tests, JWTs, hashes, whole addresses, the tests' secret. */
const SECRETS =
  /correct horse|eyJ[\w-]{8,}\.|\$pbkdf2|pbkdf2_sha|[^\s"]+@[^\s"]+\.\w|a-signing-key-for-tests/;

/** Lasts a test; empty at its beginning. */
export function capturedLog() {
  const texts: string[] = [];
  beforeEach(() => {
    texts.length = 0;
    for (const level of LEVELS) {
      vi.spyOn(console, level).mockImplementation((...args: unknown[]) => {
        texts.push(args.map(String).join(' '));
      });
    }
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(texts.filter((text) => SECRETS.test(text))).toEqual([]);
  });
  const lines = () => texts.map((text) => JSON.parse(text) as Line);
  return {
    get lines() {
      return lines();
    },
    /** The lines of one event. */
    of: (event: string) => lines().filter((line) => line.event === event),
  };
}
