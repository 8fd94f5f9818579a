/** A password from whoever runs the script: never shown, never an argument of a command. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ScriptFault } from './fault.ts';

/** Any password that may be is shorter: 256 code points are 1,024 bytes. */
const LINE_MAX_BYTES = 65_536;

/** At a terminal: asks twice, without echo, until the two agree. Ctrl-C and Ctrl-D end it. */
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
      console.error('The two passwords are not the same. Try again.');
    }
  } finally {
    terminal.close();
  }
}

/** Without a terminal: the first line of standard input, of which only the line's end is not the password. */
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
