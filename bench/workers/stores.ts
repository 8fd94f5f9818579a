/**
 * The deployed bundle on a real D1 and KV, with what the measurements need:
 *
 *     x-bench: record     (a header) the same request, answered with its store calls
 *     x-bench: mail       the same request with e-mail (discarded), SIGN_UP=verify and second factors
 *     /bench/plan/<endpoint>  accepts such a record; /bench/bare/<endpoint> repeats it without Hono and Drizzle
 *     /bench/sweep        one cron run
 */
import { sweep } from '../../src/sweep.ts';
import type { Plan } from '../lib/calls.ts';
import { perform } from './bare.ts';
import { recording } from './recording.ts';
import worker from './worker.js';

interface Env {
  DB: D1Database;
  BLACKLIST: KVNamespace;
  SIGNING_KEY: string;
  [setting: string]: unknown;
}

const MAIL = {
  MAIL: 'cloudflare',
  MAIL_FROM: 'accounts@example.com',
  PUBLIC_URL: 'https://example.com',
  SIGN_UP: 'verify',
  SIGN_IN_BY_EMAIL: 'on',
  ENCRYPTION_KEY: 'A'.repeat(43),
  EMAIL: { send: async () => {} },
};
let withMail: Env | undefined;

const plans = new Map<string, Plan>();

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const at = request.url.indexOf('/bench/');
    if (at < 0) {
      const how = request.headers.get('x-bench');
      if (how === null) return worker.fetch(request, env, context);
      if (how === 'mail') {
        withMail ??= { ...env, ...MAIL };
        return worker.fetch(request, withMail, context);
      }
      const recorder = recording(env);
      const answer = await worker.fetch(request, { ...env, ...recorder.bindings }, context);
      return Response.json({ status: answer.status, body: await answer.text(), calls: recorder.calls });
    }
    const [what, endpoint = ''] = request.url.slice(at + '/bench/'.length).split('/');
    if (what === 'plan') {
      plans.set(endpoint, await request.json<Plan>());
      return Response.json({});
    }
    if (what === 'bare') return Response.json(await perform(plans.get(endpoint) as Plan, request, env));
    if (what === 'sweep') {
      const recorder = recording(env);
      const swept = await sweep({ DB: recorder.bindings.DB });
      const statements = recorder.calls.filter((call) => call.store === 'd1');
      return Response.json({
        ...swept,
        longestMs: Math.max(...statements.map((call) => call.ms)),
        rowsWritten: statements.reduce((sum, call) => sum + call.rowsWritten, 0),
        rowsRead: statements.reduce((sum, call) => sum + call.rowsRead, 0),
      });
    }
    return new Response(null, { status: 404 });
  },
};
