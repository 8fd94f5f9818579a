/** Reads a password from the terminal or standard input: it is never shown and never a command-line argument. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ScriptFault } from './fault.ts';

/** Every valid password is shorter: 256 code points take at most 1,024 bytes. */
const LINE_MAX_BYTES = 65_536;

/** Asks twice, without echo, until both answers match. Throws a ScriptFault after Ctrl-C or Ctrl-D. */
export async function askTwice(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  terminal.once('SIGINT', () => terminal.close());
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async (prompt: string): Promise<string> => {
    process.stderr.write(prompt);
    const { value, done } = await lines.next();
    process.stderr.write('\n');
    if (done) throw new ScriptFault('No password was given.');
    return value;
  };
  try {
    for (;;) {
      const first = await ask('Password: ');
      if (first === (await ask('Password (again): '))) return first;
      console.error('The passwords do not match. Try again.');
    }
  } finally {
    terminal.close();
  }
}

/** The first line of standard input, without its line break. */
export async function readLine(input: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let text = '';
  try {
    for await (const chunk of input) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('\n')) break;
      if (text.length > LINE_MAX_BYTES) throw new ScriptFault('The password is far too long.');
    }
    if (!text.includes('\n')) text += decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ScriptFault('The password on standard input is not UTF-8.');
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '') throw new ScriptFault('No password was given on standard input.');
  return line;
}
