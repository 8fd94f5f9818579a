import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/support/dev-server.ts';
import type { Client } from '../support/api.ts';
import { ofetchClient } from './ofetch.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const PRISM = 'node_modules/@stoplight/prism-cli/dist/index.js';

const children: ChildProcess[] = [];
export const closePrism = () => {
  for (const child of children.splice(0)) child.kill();
};

/** Prism between client and service: what does not match the OpenAPI document is an error of its own. */
export const prism: Client = async (origin) => {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      ...['--no-warnings', PRISM, 'proxy', 'generated/openapi.json', origin],
      ...['--errors', '--host', '127.0.0.1', '--port', String(port)],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    let output = '';
    child.once('exit', () => reject(new Error(output)));
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes('Prism is listening')) resolve();
    });
  });
  return ofetchClient(`http://127.0.0.1:${port}`);
};
