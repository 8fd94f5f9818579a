import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deployed } from '../../bench/lib/bundle.ts';
import { hold, stretchesOf } from '../../bench/lib/hold.ts';
import { measureHeld } from '../../bench/measure/held.ts';

/** A server that answers each request by its path. */
async function server(answer: (path: string, response: ServerResponse) => void): Promise<string> {
  const listening = createServer((request, response) => answer(request.url ?? '', response));
  await new Promise<void>((ready) => listening.listen(0, '127.0.0.1', ready));
  onTestFinished(async () => {
    listening.closeAllConnections();
    await new Promise((closed) => listening.close(closed));
  });
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

const HOW = { connections: 4, seconds: 0.6, answerWithinMs: 300, memoryMiB: () => 1 };
const asking = (path: string) => () => ({ ask: () => ({ path }), answered: () => {} });

describe('sustained load', () => {
  it('counts answered, refused, failed, dropped and timed-out requests', async () => {
    const origin = await server((path, response) => {
      if (path === '/drop') response.destroy();
      else if (path === '/later') response.writeHead(503, { 'retry-after': '0' }).end();
      else if (path === '/never') return;
      else if (path === '/broken') response.writeHead(503).end('no Retry-After');
      else response.end('{}');
    });
    const counts = async (path: string) => {
      const { answered, unavailable, failed, dropped, givenUp } = await hold(origin, HOW, asking(path));
      return Object.entries({ answered, unavailable, failed, dropped, givenUp }).flatMap(([name, count]) =>
        count > 0 ? [name] : [],
      );
    };
    expect(await counts('/')).toEqual(['answered']);
    expect(await counts('/later')).toEqual(['unavailable']);
    expect(await counts('/broken')).toEqual(['failed']);
    expect(await counts('/drop')).toEqual(['dropped']);
    expect(await counts('/never')).toEqual(['givenUp']);
  });

  it('reports which answer failed first', async () => {
    const origin = await server((_, response) => response.writeHead(500).end('the cause'));
    const { firstFailure } = await hold(origin, HOW, asking('/account/me'));
    expect(firstFailure).toBe('/account/me answered 500: the cause');
  });

  it('measures memory after the warm-up and at the end', async () => {
    const origin = await server((_, response) => response.end());
    const memory = [10, 20];
    const held = await hold(origin, { ...HOW, memoryMiB: () => memory.shift() ?? 0 }, asking('/'));
    expect(held.memory).toEqual({ early: 10, late: 20 });
  });

  it('compares the first sixth after the warm-up with the last', () => {
    const answers = [
      { at: 9_999, ms: 900 },
      ...Array.from({ length: 100 }, (_, n) => ({ at: 10_000 + n, ms: n + 1 })),
      { at: 20_000, ms: 900 },
      { at: 49_999, ms: 900 },
      { at: 50_000, ms: 7 },
      { at: 60_000, ms: 900 },
    ];
    expect(stretchesOf(answers, 60)).toEqual({
      perSecond: 104 / 60,
      early: { answers: 100, p50: 51, p99: 100 },
      late: { answers: 1, p50: 7, p99: 7 },
    });
  });
});

describe('the Worker under sustained load', () => {
  it('answers every request: log-ins, refreshes and me over 16 and over 64 connections', async () => {
    const how = { connections: [16, 64], seconds: 2, warmUpSeconds: 0 };
    const { ours } = await measureHeld(await deployed(), null, how, () => {});
    expect(ours.map(({ connections }) => connections)).toEqual([16, 64]);
    for (const { failed, firstFailure, dropped, answered } of ours) {
      expect({ failed, firstFailure, dropped }).toEqual({ failed: 0, firstFailure: null, dropped: 0 });
      expect(answered).toBeGreaterThan(0);
    }
  });
});
