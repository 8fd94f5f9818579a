/**
 * `npm run createsuperuser -- [--email ADDRESS] [--username NAME] [--reset-password | --keep-password] [--remote]
 * [--persist-to DIR] [--env NAME]`: a staff account, active and with its address confirmed.
 *
 * The address is asked for at a terminal where it is not given. The password is asked for at a terminal, or is the
 * first line of standard input. An account that has the address is made staff and active, which ends its sessions, and
 * keeps its password; with --reset-password it gets a new one. Where nobody has confirmed the address, anybody may have
 * signed up with it: then nothing is done
 * unless --reset-password or --keep-password says what of the password. Exit code 0, or 1 where nothing was done.
 *
 * The rules for passwords are the Worker's, as far as worker-variables.ts knows them; Have I Been Pwned is not asked.
 */
import { parseArgs } from 'node:util';
import { canonicalEmail, canonicalUsername, lengthOf, USERNAME_MAX_LENGTH } from '../src/identity.ts';
import { describeFault } from '../src/languages/describe.ts';
import { createPasswordHasher } from '../src/password/hash.ts';
import { passwordFaults } from '../src/password/policy.ts';
import { uuid7 } from '../src/random.ts';
import { parseSettings, SETTINGS } from '../src/settings.ts';
import { askEmail } from './lib/ask-email.ts';
import { askTwice, readLine } from './lib/ask-password.ts';
import { requireTables } from './lib/d1-writer.ts';
import { spreadEnded } from './lib/ended-sessions.ts';
import { ScriptFault } from './lib/fault.ts';
import { openD1, REMOTE_MIGRATIONS, type Where } from './lib/open-d1.ts';
import { commandLine, configName, isClone } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { createSuperuser, type Ended, type Outcome, type Person } from './lib/superuser.ts';
import { workerVariables } from './lib/worker-variables.ts';
import { wrangler } from './lib/wrangler.ts';

const USAGE = `Usage: ${commandLine('createsuperuser')} [--email ADDRESS] [--username NAME] [--reset-password | --keep-password] [--remote] [--persist-to DIR] [--env NAME]
  --email           is asked for at a terminal where it is missing
  --reset-password  an account that has the address gets a new password, and its sessions end
  --keep-password   it keeps its password, though nobody has confirmed the address: you know whose it is
The rules for passwords are read from the vars of ${configName}, .dev.vars (not with --remote) and the environment; the last one counts.`;

const now = () => Math.floor(Date.now() / 1_000);

await runScript(main);

async function main(): Promise<number> {
  const { email: givenEmail, where, ...options } = readArguments();
  const variables = await workerVariables(where);
  const rules = readSettings(variables, where.remote);
  const request = { ...options, email: givenEmail ?? (await askEmail()) };
  exitOnSignal();
  const writer = await openD1(where);
  try {
    await requireTables(writer, REMOTE_MIGRATIONS);
    const outcome = await createSuperuser(writer, request, {
      passwordHash: (person) => newPasswordHash(person, rules),
      newId: () => uuid7(Date.now()),
      now,
    });
    report(request.email, outcome);
    if (outcome.outcome === 'found' && outcome.ended) await tellKv(where, outcome.ended);
    console.log(`Console: ${consoleAddress(variables, where.remote)}`);
    return 0;
  } finally {
    await writer.close();
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        email: { type: 'string' },
        username: { type: 'string' },
        'reset-password': { type: 'boolean', default: false },
        'keep-password': { type: 'boolean', default: false },
        remote: { type: 'boolean', default: false },
        'persist-to': { type: 'string' },
        env: { type: 'string' },
      },
    });
    if (values.email === undefined && process.stdin.isTTY !== true) {
      throw new TypeError('--email is needed where there is no terminal');
    }
    if (values['reset-password'] && values['keep-password']) {
      throw new TypeError('--reset-password and --keep-password exclude each other');
    }
    const email = values.email === undefined ? undefined : canonicalEmail(values.email);
    if (email === null) throw new TypeError('--email is not an e-mail address');
    const username = values.username === undefined ? null : canonicalUsername(values.username);
    // NFKC may be longer than what was typed.
    if (values.username !== undefined && (!username || lengthOf(username.username) > USERNAME_MAX_LENGTH)) {
      throw new TypeError(`--username may have ${USERNAME_MAX_LENGTH} letters, digits and @ . + - _`);
    }
    return {
      email,
      username,
      resetPassword: values['reset-password'],
      keepPassword: values['keep-password'],
      where: { remote: values.remote, persistTo: values['persist-to'], environment: values.env },
    };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}

interface Rules {
  hasher: 'pbkdf2' | 'scrypt';
  iterations: number;
  minLength: number;
}

/** With the Worker's rule for production where the database is Cloudflare's. */
function readSettings(variables: Readonly<Record<string, unknown>>, remote: boolean): Rules {
  const { values, faults } = parseSettings(variables, [
    'PASSWORD_HASHER',
    'PASSWORD_ITERATIONS',
    'PASSWORD_ITERATIONS_UNSAFE',
    'PASSWORD_MIN_LENGTH',
  ]);
  const least = Number(SETTINGS.PASSWORD_ITERATIONS.default);
  if (remote && !values.PASSWORD_ITERATIONS_UNSAFE && values.PASSWORD_ITERATIONS < least) {
    faults.push({ setting: 'PASSWORD_ITERATIONS', problem: `must be at least ${least} in production` });
  }
  if (faults.length > 0) {
    throw new ScriptFault(faults.map(({ setting, problem }) => `${setting} ${problem}`).join('\n'));
  }
  return {
    hasher: values.PASSWORD_HASHER,
    iterations: values.PASSWORD_ITERATIONS,
    minLength: values.PASSWORD_MIN_LENGTH,
  };
}

/** At a terminal until the password is good; without one, once. */
async function newPasswordHash(person: Person, { hasher, iterations, minLength }: Rules): Promise<string> {
  const interactive = process.stdin.isTTY === true;
  for (;;) {
    const password = interactive ? await askTwice() : await readLine(process.stdin);
    const sentences = passwordFaults(password, person, { minLength }).map(
      ({ code, params }) =>
        describeFault({ fault: code === 'invalid' ? 'characters' : code, ...(params && { params }) }, 'en')
          .message,
    );
    if (sentences.length === 0) return createPasswordHasher({ kind: hasher, iterations }).hash(password);
    if (!interactive) throw new ScriptFault(sentences.join('\n'));
    console.error(sentences.join('\n'));
  }
}

/** On this machine `npm run dev` is where PUBLIC_URL leads, whatever wrangler.toml says. */
function consoleAddress(variables: Readonly<Record<string, unknown>>, remote: boolean): string {
  if (!isClone) return 'where your Worker has mounted createAdmin()';
  if (!remote) return 'http://localhost:8787/admin (the port is that of npm run dev)';
  const { PUBLIC_URL } = variables;
  return typeof PUBLIC_URL === 'string' && PUBLIC_URL !== ''
    ? `${PUBLIC_URL.replace(/\/+$/, '')}/admin`
    : '/admin at the address of the Worker';
}

function report(email: string, result: Outcome): void {
  if (result.outcome === 'created') {
    console.log(`Created the staff account ${email} (${result.id}).`);
    return;
  }
  const sentences = {
    made_staff: 'It is staff now, and its sessions have ended.',
    activated: 'It is active now.',
    password_reset: 'Its password is replaced and its sessions have ended.',
  };
  console.log(`${email} has an account already (${result.id}).`);
  for (const done of result.done) console.log(sentences[done]);
  if (result.done.length === 0) console.log('It is staff and active. Nothing was changed.');
  if (!result.done.includes('password_reset')) console.log('Its password was not changed.');
}

/** The sessions have ended in D1 whatever comes of this. */
async function tellKv(where: Where, ended: Ended): Promise<void> {
  try {
    await spreadEnded(wrangler, where, ended, now());
  } catch (error) {
    if (!(error instanceof ScriptFault)) throw error;
    console.error(
      `Warning: KV was not told that they have ended. Guards that do not read D1 take their access tokens until these expire. ${error.message}`,
    );
  }
}
