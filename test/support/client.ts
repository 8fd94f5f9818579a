/** The client of src/client with a real Worker behind it, and a network that fails on demand. */
import { createClient, memoryStore } from '../../src/client/index.ts';
import { person, world } from './world.ts';

/** A client of a Worker of its own; `calls` are the paths it asked for, `faults` what becomes of the next answers. */
export function clientOf(w = world(), more: Partial<Parameters<typeof createClient>[0]> = {}) {
  const calls: string[] = [];
  const faults: ((answer: Response) => Response | Promise<Response>)[] = [];
  const store = memoryStore();
  const make = (other: typeof more = {}) =>
    createClient({
      url: 'http://localhost/account/',
      store,
      clock: () => w.clock.now * 1_000,
      fetch: async (input, init) => {
        const request = new Request(input, init);
        request.signal.throwIfAborted();
        calls.push(new URL(request.url).pathname);
        const { status, headers, text } = await w.fetch(request);
        const answer = new Response(status === 204 ? null : text, { status, headers });
        const fault = faults.shift();
        return fault ? fault(answer) : answer;
      },
      ...more,
      ...other,
    });
  return { w, calls, faults, store, client: make(), make };
}

export async function signedInClient() {
  const made = clientOf();
  await made.client.signUp(person());
  return made;
}

export const countOf = (calls: string[], path: string) => calls.filter((call) => call === path).length;
