/** A client as browsers and gateways are: sockets that are kept open, and requests that are given up. */
import { Agent, request } from 'node:http';

export interface KeepAliveClient {
  /** The status of the answer, once all of it is there. */
  post: (path: string, body: unknown, signal?: AbortSignal) => Promise<number>;
  close: () => void;
}

export function keepAliveClient(origin: string): KeepAliveClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const post = (path: string, body: unknown, signal?: AbortSignal): Promise<number> =>
    new Promise((done, failed) => {
      const text = JSON.stringify(body);
      const sent = request(origin + path, {
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
        ...(signal && { signal }),
      });
      sent.on('response', (answer) => {
        answer.resume();
        answer.on('error', failed);
        answer.on('end', () => done(answer.statusCode ?? 0));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The server may close an idle socket in the moment it is used again (RFC 9112 section 9.3.1): every client
        // sends such a request again on a new one.
        if (sent.reusedSocket && error.code === 'ECONNRESET') post(path, body, signal).then(done, failed);
        else failed(error);
      });
      sent.end(text);
    });
  return { post, close: () => agent.destroy() };
}
