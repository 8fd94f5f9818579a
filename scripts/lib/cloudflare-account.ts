/**
 * The Worker, its secrets and its database at Cloudflare, asked for and changed through wrangler, which knows who is
 * logged in. wrangler.toml stays as it is: wrangler finds what it created by name and by the bindings of the Worker.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Existing } from './deployment-plan.ts';
import { ScriptFault } from './fault.ts';
import { withPrivateFile } from './private-file.ts';
import { root } from './project.ts';
import type { Wrangler } from './wrangler.ts';

/** wrangler's own sentence, which has no code. */
const NO_SUCH_WORKER = /Worker ".*".* not found/;
/** A KV namespace of this title is there already. */
const TITLE_TAKEN = /\b10014\b/;

/** What wrangler says without a terminal to log in from. */
const LOGGED_OUT = /necessary to set a CLOUDFLARE_API_TOKEN|not authenticated/;

export interface Project {
  /** The Worker's name; that of the environment, where one is chosen. */
  worker: string;
  database: string;
  /** The binding of the KV namespace. */
  namespace: string;
  environment: string | undefined;
  vars: Readonly<Record<string, unknown>>;
}

/** What is read of it; wrangler's own type needs packages that are not here. */
interface Config {
  name?: string;
  d1_databases: { binding: string; database_name?: string }[];
  vars: Record<string, unknown>;
}

export async function readProject(environment: string | undefined): Promise<Project> {
  const config = await readConfig(environment);
  const database = config.d1_databases.find(({ binding }) => binding === 'DB');
  if (!config.name || !database?.database_name) {
    throw new ScriptFault('wrangler.toml needs a name, and a D1 database DB with a database_name.');
  }
  return {
    worker: config.name,
    database: database.database_name,
    namespace: 'BLACKLIST',
    environment,
    vars: config.vars,
  };
}

async function readConfig(env: string | undefined): Promise<Config> {
  const { unstable_readConfig } = await import('wrangler');
  try {
    return unstable_readConfig({ config: join(root, 'wrangler.toml'), env }, { hideWarnings: true });
  } catch (error) {
    throw new ScriptFault((error as Error).message);
  }
}

export function cloudflareAccount(wrangler: Wrangler, project: Project) {
  const chosen = ['--env', project.environment ?? ''];
  const run = async (args: readonly string[], environment?: Record<string, string>): Promise<string> => {
    const { code, stdout, stderr } = await wrangler([...args, ...chosen], environment);
    if (code !== 0) throw new WranglerFault(args, stdout, stderr);
    return stdout;
  };

  return {
    async existing(): Promise<Existing> {
      const [secrets, databases] = await Promise.all([
        run(['secret', 'list', '--format', 'json']).catch((error: unknown) => {
          if (error instanceof WranglerFault && NO_SUCH_WORKER.test(error.output)) return null;
          throw error;
        }),
        run(['d1', 'list', '--json']),
      ]);
      return {
        secrets: secrets === null ? null : parse<{ name: string }[]>(secrets).map(({ name }) => name),
        database: parse<{ name: string }[]>(databases).some(({ name }) => name === project.database),
      };
    },

    createDatabase: (location: string) => run(['d1', 'create', project.database, '--location', location]),

    migrate: () => run(['d1', 'migrations', 'apply', 'DB', '--remote']),

    /** Returns the addresses of the Worker. `secrets` are added to those that it has. */
    async deploy(secrets: Readonly<Record<string, string>>): Promise<string[]> {
      const deployWith = (...more: string[]) =>
        withPrivateFile('secrets.json', JSON.stringify(secrets), (secretsFile) =>
          withPrivateFile('output.ndjson', '', async (output) => {
            const withSecrets = Object.keys(secrets).length > 0 ? ['--secrets-file', secretsFile] : [];
            await run(['deploy', ...withSecrets, ...more], { WRANGLER_OUTPUT_FILE_PATH: output });
            return targetsOf(readFileSync(output, 'utf8'));
          }),
        );
      try {
        return await deployWith();
      } catch (error) {
        // wrangler creates a namespace only where the Worker has none: an earlier deployment got no further than that.
        if (!(error instanceof WranglerFault && TITLE_TAKEN.test(error.output))) throw error;
        const title = `${project.worker}-${project.namespace.toLowerCase()}`;
        const namespaces = parse<{ id: string; title: string }[]>(await run(['kv', 'namespace', 'list']));
        const id = namespaces.find((namespace) => namespace.title === title)?.id;
        if (id === undefined) throw error;
        return withNamespaceId(project, id, (config) => deployWith('--config', config));
      }
    },
  };
}

/** A copy of the configuration that names the namespace, beside the original since its paths are relative to it. */
async function withNamespaceId<T>(
  { namespace, environment }: Project,
  id: string,
  work: (config: string) => Promise<T>,
): Promise<T> {
  const { experimental_readRawConfig } = await import('wrangler');
  const { rawConfig } = experimental_readRawConfig({ config: join(root, 'wrangler.toml') });
  const section = environment === undefined ? rawConfig : rawConfig.env?.[environment];
  for (const entry of section?.kv_namespaces ?? []) if (entry.binding === namespace) entry.id = id;
  const copy = join(root, `.wrangler-deploy-${process.pid}.json`);
  const remove = () => rmSync(copy, { force: true });
  process.once('exit', remove);
  try {
    writeFileSync(copy, JSON.stringify(rawConfig));
    return await work(copy);
  } finally {
    remove();
    process.off('exit', remove);
  }
}

/** Lines of JSON; of a deployment: `{"type": "deploy", "targets": ["https://…", "accounts.example.com (custom domain)"]}`. */
function targetsOf(output: string): string[] {
  const lines = output.split('\n').filter((line) => line !== '');
  const deployed = lines
    .map((line) => JSON.parse(line) as { type: string; targets?: string[] })
    .find(({ type }) => type === 'deploy');
  return deployed?.targets ?? [];
}

/** wrangler may write warnings before its JSON. */
function parse<T>(stdout: string): T {
  const start = stdout.search(/^[[{]/m);
  if (start === -1) throw new ScriptFault(`wrangler answered no JSON:\n${stdout}`);
  return JSON.parse(stdout.slice(start)) as T;
}

class WranglerFault extends ScriptFault {
  readonly output: string;
  constructor(args: readonly string[], stdout: string, stderr: string) {
    const output = `${stdout}\n${stderr}`.trim();
    const [command] = args.join(' ').split(' --', 1);
    const hint = LOGGED_OUT.test(output)
      ? '\n\nLog in first: npx wrangler login, or set CLOUDFLARE_API_TOKEN.'
      : '';
    super(`wrangler ${command} failed:\n${output}${hint}`);
    this.output = output;
  }
}
