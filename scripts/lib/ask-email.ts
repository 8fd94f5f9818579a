/** Asks for an e-mail address at the terminal. */
import { createInterface } from 'node:readline';
import { canonicalEmail } from '../../src/identity.ts';
import { ScriptFault } from './fault.ts';

/** Asks until the answer is an address, and returns its canonical form. Throws a ScriptFault after Ctrl-C or Ctrl-D. */
export async function askEmail(
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string> {
  const terminal = createInterface({ input, output });
  terminal.once('SIGINT', () => terminal.close());
  try {
    output.write('E-mail: ');
    for await (const line of terminal) {
      const email = canonicalEmail(line.trim());
      if (email !== null) return email;
      output.write('This is not an e-mail address.\nE-mail: ');
    }
  } finally {
    terminal.close();
  }
  throw new ScriptFault('No e-mail address was given.');
}
