/**
 * Have I Been Pwned's range API (https://haveibeenpwned.com/API/v3#PwnedPasswords): only the first five characters of
 * the SHA-1 are sent (k-anonymity). Fails open, and logs failures.
 */
import { within } from '../deadlines.ts';
import { toHex, utf8 } from '../encoding.ts';
import type { BreachCheck } from '../ports.ts';
import { normalizePassword } from './policy.ts';

const DEADLINE_MS = 1_500;

export function pwnedPasswords(fetcher: typeof fetch = (...args) => fetch(...args)): BreachCheck {
  return async (password, report) => {
    try {
      const bytes = utf8(normalizePassword(password));
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', bytes));
      const hash = toHex(digest).toUpperCase();
      const range = async () => {
        const answer = await fetcher(`https://api.pwnedpasswords.com/range/${hash.slice(0, 5)}`, {
          // The service refuses requests without a User-Agent (403), and Workers do not send one by default.
          headers: { 'Add-Padding': 'true', 'User-Agent': 'hono-accounts' },
        });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        return answer.text();
      };
      const suffix = hash.slice(5);
      // Padding lines have a count of 0.
      return (await within(DEADLINE_MS, range())).split(/\r?\n/).some((line) => {
        const [tail, count] = line.split(':');
        return tail === suffix && Number(count) > 0;
      });
    } catch {
      report('error', 'breach_check_failed');
      return false;
    }
  };
}
