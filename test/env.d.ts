declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    BLACKLIST: KVNamespace;
    MIGRATIONS: import('cloudflare:test').D1Migration[];
    [name: string]: unknown;
  }
}
