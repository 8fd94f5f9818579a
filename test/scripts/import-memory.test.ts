/** What an import of a million users must not keep. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { localD1 } from '../../scripts/lib/local-d1.ts';
import { wrangler } from '../../scripts/lib/wrangler.ts';
import { temporaryFolder } from './support/run.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

it('the local database does not keep its replies', async () => {
  const writer = await localD1(wrangler, { persistTo: join(temporaryFolder(), 'state') });
  try {
    const read = () => writer.read("SELECT 'x' AS id");
    const replies = [new WeakRef(await read()), new WeakRef(await read())];
    await read();
    collectGarbage();
    expect(replies.map((reply) => reply.deref())).toEqual([undefined, undefined]);
  } finally {
    await writer.close();
  }
});
