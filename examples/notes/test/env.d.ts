import type { D1Migration } from 'cloudflare:test';
import type { Bindings } from '../src/notes.ts';

/** What `env` of cloudflare:workers has in the tests. */
declare global {
  namespace Cloudflare {
    interface Env extends Bindings {
      MIGRATIONS: D1Migration[];
    }
  }
}
