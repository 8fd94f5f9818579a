/**
 * `npm run createsuperuser -- [--email ADDRESS] [--username NAME] [--reset-password | --keep-password] [--remote]
 * [--persist-to DIR] [--env NAME]`: creates a staff account, active and with its address confirmed.
 *
 * Without --email, the address is prompted for. The password is prompted for, or without a terminal read from the first
 * line of standard input. If the address belongs to an account, that account becomes staff and active, its sessions end,
 * and it keeps its password, or with --reset-password gets a new one. If its address was never confirmed, somebody else
 * may have signed up with it: nothing is done without --reset-password or --keep-password. Exit code 0, or 1 if nothing
 * was done.
 *
 * The password must follow the Worker's rules, as far as worker-variables.ts knows them; it is not looked up in Have I
 * Been Pwned.
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
import { helpIfAsked } from './lib/help.ts';
import { openD1, REMOTE_MIGRATIONS, type Where } from './lib/open-d1.ts';
import { commandLine, configName, isClone } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { createSuperuser, type Ended, type Outcome, type Person } from './lib/superuser.ts';
import { workerVariables } from './lib/worker-variables.ts';
import { wrangler } from './lib/wrangler.ts';

const USAGE = `Usage: ${commandLine('createsuperuser')} [--email ADDRESS] [--username NAME] [--reset-password | --keep-password] [--remote] [--persist-to DIR] [--env NAME]
  --email           the e-mail address; without it, you are asked for it
  --reset-password  if the account exists: set a new password and end its sessions
  --keep-password   if the account exists: keep its password although its address was never confirmed. Only if you know
                    whose account it is
The password rules are read from the vars in ${configName}, then .dev.vars (not with --remote), then the environment; later
ones override earlier ones.`;

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
    if (outcome.outcome === 'found' && outcome.ended) await revokeInKv(where, outcome.ended);
    console.log(`Console: ${consoleAddress(variables, where.remote)}`);
    return 0;
  } finally {
    await writer.close();
  }
}

function readArguments() {
  helpIfAsked(USAGE);
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
      throw new TypeError('--email is required without a terminal');
    }
    if (values['reset-password'] && values['keep-password']) {
      throw new TypeError('--reset-password and --keep-password cannot be combined');
    }
    const email = values.email === undefined ? undefined : canonicalEmail(values.email);
    if (email === null) throw new TypeError('--email is not an e-mail address');
    const username = values.username === undefined ? null : canonicalUsername(values.username);
    // NFKC may be longer than what was typed.
    if (values.username !== undefined && (!username || lengthOf(username.username) > USERNAME_MAX_LENGTH)) {
      throw new TypeError(
        `--username takes up to ${USERNAME_MAX_LENGTH} letters, digits and the characters @ . + - _`,
      );
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

/** A remote database is held to the Worker's minimum of iterations in production. */
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

/** Asks at a terminal until the password follows the rules; without a terminal, reads one and throws if it does not. */
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

/** For the local database it is the address of `npm run dev`, whatever PUBLIC_URL in wrangler.toml says. */
function consoleAddress(variables: Readonly<Record<string, unknown>>, remote: boolean): string {
  if (!isClone) return 'at the path where your Worker mounts createAdmin()';
  if (!remote) return 'http://localhost:8787/admin (or the port of your npm run dev)';
  const { PUBLIC_URL } = variables;
  return typeof PUBLIC_URL === 'string' && PUBLIC_URL !== ''
    ? `${PUBLIC_URL.replace(/\/+$/, '')}/admin`
    : '/admin on your Worker';
}

function report(email: string, result: Outcome): void {
  if (result.outcome === 'created') {
    console.log(`Created the staff account ${email} (${result.id}).`);
    return;
  }
  const sentences = {
    made_staff: 'It is now staff, and its sessions have ended.',
    activated: 'It is now active.',
    password_reset: 'Its password was replaced and its sessions have ended.',
  };
  console.log(`${email} already has an account (${result.id}).`);
  for (const done of result.done) console.log(sentences[done]);
  if (result.done.length === 0) console.log('It is staff and active. Nothing was changed.');
  if (!result.done.includes('password_reset')) console.log('Its password was not changed.');
}

/** A failure is only a warning: the sessions have already ended in D1. */
async function revokeInKv(where: Where, ended: Ended): Promise<void> {
  try {
    await spreadEnded(wrangler, where, ended, now());
  } catch (error) {
    if (!(error instanceof ScriptFault)) throw error;
    console.error(
      `Warning: the ended sessions could not be written to KV. Guards that do not read D1 accept their access tokens until these expire. ${error.message}`,
    );
  }
}
