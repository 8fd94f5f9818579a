import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keepRunning } from '../../scripts/lib/dev/keep-running.ts';
import { defaultArguments, readDevOptions } from '../../scripts/lib/dev/options.ts';
import type { Ended } from '../../scripts/lib/dev/server-process.ts';
import { type DevServer, startDev } from './support/dev-server.ts';
import { keepAliveClient } from './support/keep-alive.ts';
import { run, temporaryFolder } from './support/run.ts';

const PASSWORD = 'correct horse battery';

describe('the arguments of wrangler dev', () => {
  const argumentsOf = (...args: string[]) => defaultArguments(readDevOptions(args, '/project'));
  const LOCAL = 'PUBLIC_URL:http://localhost:8787';

  it.each<[string[], string[]]>([
    [[], ['--var', 'ENVIRONMENT:development', 'MAIL:inbox', LOCAL, '--local', '--port', '8787']],
    [
      ['--port', '0'],
      ['--var', 'ENVIRONMENT:development', 'MAIL:inbox', '--local'],
    ],
    [
      ['--port=9001'],
      ['--var', 'ENVIRONMENT:development', 'MAIL:inbox', LOCAL.replace('8787', '9001'), '--local'],
    ],
  ])('%j: development, with mail and links that stay on this machine', (args, expected) => {
    expect(argumentsOf(...args)).toEqual(expected);
  });

  it.each([
    ['MAIL:off', 'MAIL:'],
    ['PUBLIC_URL:https://example.com', 'PUBLIC_URL:'],
    ['ENVIRONMENT:production', 'ENVIRONMENT:'],
  ])('keeps %s from the command line', (variable, name) => {
    for (const args of [
      ['--var', variable],
      ['--var', 'DOCS:off', variable, '--port', '9001'],
      [`--var=${variable}`],
    ]) {
      expect(argumentsOf(...args).filter((argument) => argument.startsWith(name))).toEqual([]);
    }
  });

  it('has no variables of its own if all are given', () => {
    const given = ['--var', 'ENVIRONMENT:production', 'MAIL:off', 'PUBLIC_URL:https://example.com'];
    expect(argumentsOf(...given)).toEqual(['--local', '--port', '8787']);
  });

  it('uses https in links and mail if it serves https', () => {
    expect(argumentsOf('--local-protocol', 'https')).toContain('PUBLIC_URL:https://localhost:8787');
  });

  it.each<[string[], string[]]>([
    [
      ['--persist-to', 'state', '--var', 'A:b'],
      ['--persist-to', 'state'],
    ],
    [
      ['--var', 'A:b', '--env=staging', '-c', 'other.toml'],
      ['--env=staging', '-c', 'other.toml'],
    ],
  ])('%j: gives the migrations %j', (args, expected) => {
    expect(readDevOptions(args, '/project').shared).toEqual(expected);
  });
});

describe('keepRunning', () => {
  /** Servers that end one after another as prescribed; each is ready before that, unless prescribed otherwise. */
  function keep(ends: (Partial<Ended> & { isReady?: boolean })[], now: () => number = () => 0) {
    const said: string[] = [];
    const stop = new AbortController();
    let started = 0;
    const code = keepRunning(
      (ready) => {
        const { isReady = true, ...end } = ends[started] ?? { code: 0 };
        started += 1;
        if (isReady) ready();
        return {
          ended: Promise.resolve({ code: 0, output: '', lastError: undefined, ...end }),
          stop: () => {},
        };
      },
      { stop: stop.signal, onChange: () => () => {}, say: (line) => said.push(line), delayMs: 0, now },
    );
    return { code, said, started: () => started };
  }

  it('reports why the server ended, and restarts it', async () => {
    const { code, said, started } = keep([{ code: 1, lastError: 'Network connection lost' }, { code: 137 }]);
    expect(await code).toBe(0);
    expect(started()).toBe(3);
    expect(said).toEqual([
      'wrangler ended (exit code 1: Network connection lost). Restarting it.',
      'wrangler ended (exit code 137). Restarting it.',
    ]);
  });

  it('restarts it at most five times a minute, then exits with its exit code', async () => {
    const { code, said, started } = keep(Array(20).fill({ code: 7 }));
    expect(await code).toBe(7);
    expect(started()).toBe(6);
    expect(said.at(-1)).toMatch(/too often within a minute/);
  });

  it('restarts it again after a minute', async () => {
    let now = 0;
    const { code, started } = keep(Array(20).fill({ code: 7 }), () => (now += 12_001));
    expect(await code).toBe(0);
    expect(started()).toBe(21);
  });

  it.each([
    ['ends with 0', { code: 0 }],
    ['was ended by Ctrl-C', { code: 130 }],
    ['was told to end', { code: 143 }],
    ['was never ready', { code: 1, isReady: false }],
  ])('does not restart a server that %s', async (_, end) => {
    const { code, said, started } = keep([end]);
    expect(await code).toBe(end.code);
    expect([started(), said]).toEqual([1, []]);
  });
});

describe('npm run dev', () => {
  it('reports a port that is in use before it does anything', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const port = (server.address() as { port: number }).port;
    const { code, stdout, stderr } = await run('dev', [
      '--port',
      `${port}`,
      '--persist-to',
      temporaryFolder(),
    ]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `Port ${port} is in use. Stop the program that uses it, or choose another port: npm run dev -- --port ${port + 1}\n`,
    );
  });

  it.each(['99999', 'abc', '-1'])('refuses the port %s', async (port) => {
    const { code, stdout, stderr } = await run('dev', [`--port=${port}`, '--persist-to', temporaryFolder()]);
    expect([code, stdout, stderr]).toEqual([1, '', '--port must be a number from 0 to 65535\n']);
  });

  it('ends at once on Ctrl-C, with requests in flight', async () => {
    const server = await startDev(['PASSWORD_ITERATIONS:600000']);
    const client = keepAliveClient(server.origin);
    onTestFinished(client.close);
    const requests = Array.from({ length: 20 }, (_, i) =>
      client.post('/account/sign-up', { email: `ctrl-c${i}@example.com`, password: PASSWORD }).catch(() => 0),
    );
    await sleep(200);
    const { code, ms } = await server.stop('SIGINT');
    expect(code).toBe(130);
    expect(ms).toBeLessThan(5_000);
    await Promise.all(requests);
    await expect(fetch(server.origin)).rejects.toThrow();
  });

  describe('when it is ready', () => {
    let server: DevServer;
    beforeAll(async () => {
      server = await startDev();
    }, 120_000);
    afterAll(async () => {
      await server?.stop('SIGTERM');
    });

    it('prints its addresses', async () => {
      await expect.poll(server.output, { timeout: 30_000 }).toMatch(/E-mail {2}.*\/dev\/mail/);
      const origin = `http://localhost:${server.port}`;
      for (const link of ['/account', '/docs', '/admin', '/dev/mail']) {
        expect(server.output()).toMatch(new RegExp(`^ {2}\\S.* ${origin}${link}( |$)`, 'm'));
      }
      expect(server.output()).toContain('npm run createsuperuser -- --persist-to ');
    });

    it('sends links to this machine', async () => {
      const client = keepAliveClient(server.origin);
      onTestFinished(client.close);
      const email = 'links@example.com';
      expect(await client.post('/account/sign-up', { email, password: PASSWORD })).toBe(201);
      const inbox = await fetch(`${server.origin}/dev/mail?to=${email}`, {
        headers: { Accept: 'application/json' },
      });
      const { messages } = (await inbox.json()) as { messages: { text: string }[] };
      expect(messages[0]?.text).toContain(`http://localhost:${server.port}/account/email/verify`);
    });

    it('survives bursts of requests, idle sockets and aborted requests', {
      timeout: 180_000,
    }, async () => {
      const client = keepAliveClient(server.origin);
      onTestFinished(client.close);
      const wrangler = server.wranglerPid();
      const statuses: Record<number, number> = {};
      let abandoned = 0;
      for (const [round, pauseMs] of [100, 100, 5_000, 100, 100, 5_000, 100, 100, 5_000, 100].entries()) {
        const credentials = (i: number) => ({ email: `burst${round}.${i}@example.com`, password: PASSWORD });
        const giveUp = Array.from({ length: 10 }, (_, i) => {
          const leave = new AbortController();
          setTimeout(() => leave.abort(), i * 10);
          return client.post('/account/sign-up', credentials(1_000 + i), leave.signal).then(
            () => 0,
            () => 1,
          );
        });
        for (const path of ['/account/sign-up', '/account/login']) {
          const answers = Array.from({ length: 50 }, (_, i) => client.post(path, credentials(i)));
          for (const status of await Promise.all(answers)) statuses[status] = (statuses[status] ?? 0) + 1;
        }
        for (const one of await Promise.all(giveUp)) abandoned += one;
        await sleep(pauseMs);
      }
      const { 503: unavailable = 0, ...rest } = statuses;
      expect(rest).toEqual({ 200: expect.any(Number), 201: expect.any(Number) });
      expect((rest[200] ?? 0) + (rest[201] ?? 0) + unavailable).toBe(1_000);
      expect(abandoned).toBeGreaterThan(0);
      expect(server.wranglerPid()).toBe(wrangler);
      expect(server.output()).not.toMatch(/Restarting it/);
    });

    it('restarts on the same port with the same data if wrangler is killed', {
      timeout: 120_000,
    }, async () => {
      const credentials = { email: 'killed@example.com', password: PASSWORD };
      const client = keepAliveClient(server.origin);
      onTestFinished(client.close);
      expect(await client.post('/account/sign-up', credentials)).toBe(201);
      const wrangler = server.wranglerPid() ?? 0;
      process.kill(wrangler, 'SIGKILL');
      await expect.poll(server.wranglerPid, { timeout: 30_000 }).not.toBe(wrangler);
      await expect.poll(server.output).toMatch(/^wrangler ended \(exit code 137.*\)\. Restarting it\.$/m);
      await server.ready();
      expect(await keepAliveClient(server.origin).post('/account/login', credentials)).toBe(200);
    });

    it('restarts with an edited .dev.vars', { timeout: 120_000 }, async () => {
      const get = (path: string) => fetch(server.origin + path).then((answer) => answer.status);
      expect(await get('/docs')).toBe(200);
      appendFileSync(server.devVarsFile, 'DOCS=off\n');
      await expect.poll(server.output, { timeout: 30_000 }).toMatch(/\.dev\.vars has changed\./);
      await expect.poll(() => get('/docs').catch(() => 0), { timeout: 60_000 }).toBe(404);
    });
  });
});
