/**
 * The server that is killed: `node server.ts WORKER STATE PORT`, the Worker on miniflare with the D1 and KV that
 * `wrangler dev` has, kept in STATE. Writes a line once it answers.
 */
import { readFileSync } from 'node:fs';
import { applyMigrations, host } from '../../bench/lib/miniflare.ts';

const [worker = '', state = '', port = ''] = process.argv.slice(2);

const { db } = await host(
  { 'worker.js': readFileSync(worker, 'utf8') },
  {
    SIGNING_KEY: process.env.SIGNING_KEY ?? '',
    ENVIRONMENT: 'development',
    MAIL: 'off',
    RATE_LIMITS: 'off',
    PASSWORD_ITERATIONS: '1000',
    // A retry may have to wait for two starts.
    REFRESH_REUSE_GRACE: '5m',
    MAX_SESSIONS_PER_USER: '100',
  },
  { persistTo: state, port: Number(port) },
);
const tables = await db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'users'").all();
if (tables.results.length === 0) await applyMigrations(db);
console.log('ready');
