/** Debian's Python with its PyJWT, Django and simplejwt: `apt-get install python3-djangorestframework-simplejwt`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a script in a folder; JSON in and out. */
export async function python<T>(
  script: string,
  folder: string,
  input: unknown,
  environment: Record<string, string>,
): Promise<T> {
  const running = promisify(execFile)('/usr/bin/python3', ['-B', '-c', script], {
    cwd: folder,
    env: { ...process.env, ...environment, PYTHONPATH: folder },
  });
  running.child.stdin?.end(JSON.stringify(input));
  return JSON.parse((await running).stdout) as T;
}
