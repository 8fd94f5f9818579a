/** What `npm run dev` prints once the server is ready. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { DevOptions } from './options.ts';

export function links({ protocol, persistTo, environment }: DevOptions, port: number): string {
  const origin = `${protocol}://localhost:${port}`;
  const where = [
    ...(persistTo ? ['--persist-to', persistTo] : []),
    ...(environment ? ['--env', environment] : []),
  ];
  const createSuperuser = ['npm run createsuperuser', ...(where.length > 0 ? ['--', ...where] : [])].join(
    ' ',
  );
  return `
  API       ${origin}/account
  API docs  ${origin}/docs
  Console   ${origin}/admin  (create a staff account first: ${createSuperuser})
  E-mail    ${origin}/dev/mail
  Pages     ${origin}/account/sign-in
`;
}

const ANSWERS_WITHIN_MS = 30_000;

/** Whether the Worker answers at all. Over https, wrangler's certificate is self-signed. */
export function answers({ protocol, host }: DevOptions, port: number): Promise<boolean> {
  const request = protocol === 'https' ? requestHttps : requestHttp;
  const hostname = ['*', '0.0.0.0', '::'].includes(host) ? 'localhost' : host;
  return new Promise((done) => {
    request({
      hostname,
      port,
      path: '/healthz',
      rejectUnauthorized: false,
      agent: false,
      timeout: ANSWERS_WITHIN_MS,
    })
      .on('response', (answer) => {
        answer.resume();
        done(true);
      })
      .on('timeout', () => done(false))
      .on('error', () => done(false))
      .end();
  });
}
