/** The Workers' globals that the source names, for what is checked with Node's types (tsconfig.node.json). */
type D1Database = import('@cloudflare/workers-types').D1Database;
type D1PreparedStatement = import('@cloudflare/workers-types').D1PreparedStatement;
type D1Result<T = unknown> = import('@cloudflare/workers-types').D1Result<T>;
type KVNamespace = import('@cloudflare/workers-types').KVNamespace;
type Fetcher = import('@cloudflare/workers-types').Fetcher;
type SendEmail = import('@cloudflare/workers-types').SendEmail;
type RateLimit = import('@cloudflare/workers-types').RateLimit;
type ExecutionContext = import('@cloudflare/workers-types').ExecutionContext;
type ExportedHandler<E = unknown> = import('@cloudflare/workers-types').ExportedHandler<E>;
