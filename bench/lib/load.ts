/**
 * The load: a fixed number of requests over a few keep-alive connections to 127.0.0.1, each sending its next request when it
 * has its answer. An unexpected status stops the benchmark, since refusals are quick and would look like speed.
 */
import { Client } from 'undici';

export interface Ask {
  method?: 'GET' | 'POST';
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** 200 by default. */
  expect?: number;
}

/** The next request of one connection, given the answer to its last one. */
export type Script = (last: string | null) => Ask;

/** Sends the requests of a list that was built before, so that building them takes no time during the load. */
export function fromList(asks: readonly Ask[]): () => Script {
  let next = 0;
  return () => () => asks[next++ % asks.length] as Ask;
}

export interface Load {
  requests: number;
  seconds: number;
  perSecond: number;
  /** Milliseconds of each answer. */
  times: number[];
}

export async function drive(
  origin: string,
  { requests, connections }: { requests: number; connections: number },
  script: (connection: number) => Script,
): Promise<Load> {
  const clients = Array.from({ length: connections }, () => new Client(origin, { pipelining: 1 }));
  const times: number[] = [];
  let left = requests;
  const started = performance.now();
  try {
    await Promise.all(
      clients.map(async (client, connection) => {
        const next = script(connection);
        let last: string | null = null;
        while (left-- > 0) {
          const asked = performance.now();
          last = await send(client, next(last));
          times.push(performance.now() - asked);
        }
      }),
    );
  } finally {
    await Promise.all(clients.map((client) => client.destroy()));
  }
  const seconds = times.length === 0 ? 0 : (performance.now() - started) / 1_000;
  return { requests: times.length, seconds, perSecond: times.length / seconds, times };
}

async function send(
  client: Client,
  { method = 'GET', path, headers = {}, body, expect = 200 }: Ask,
): Promise<string> {
  const answer = await client.request({
    method,
    path,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await answer.body.text();
  if (answer.statusCode !== expect) {
    throw new Error(`${method} ${path} answered ${answer.statusCode}, not ${expect}: ${text.slice(0, 300)}`);
  }
  return text;
}

/** One request, outside of any measurement. */
export async function askOnce(origin: string, ask: Ask): Promise<string> {
  const client = new Client(origin);
  try {
    return await send(client, ask);
  } finally {
    await client.destroy();
  }
}
