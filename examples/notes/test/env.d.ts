/** What `env` of cloudflare:workers has in the tests. */
declare namespace Cloudflare {
  interface Env {
    NOTES: D1Database;
    ASSETS: Fetcher;
    ACCOUNTS: Fetcher;
    BLACKLIST: KVNamespace;
    ACCOUNTS_URL: string;
    EVENTS_SECRET: string;
    MIGRATIONS: import('cloudflare:test').D1Migration[];
  }
}
