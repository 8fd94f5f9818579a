/**
 * Reads and changes the Worker, its secrets and its database at Cloudflare through wrangler, which holds the log-in.
 * wrangler.toml is not edited: wrangler finds what it has created by name and by the bindings of the Worker.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Existing } from './deployment-plan.ts';
import { ScriptFault } from './fault.ts';
import { withPrivateFile } from './private-file.ts';
import { root } from './project.ts';
import { importWrangler, type Wrangler } from './wrangler.ts';

/** wrangler's message, which has no error code. */
const NO_SUCH_WORKER = /Worker ".*".* not found/;
/** Cloudflare's error code: a KV namespace with this title already exists. */
const TITLE_TAKEN = /\b10014\b/;

/** What wrangler prints if it is not logged in and has no terminal. */
const LOGGED_OUT = /necessary to set a CLOUDFLARE_API_TOKEN|not authenticated/;

export interface Project {
  /** The Worker's name, in the environment if one is chosen. */
  worker: string;
  database: string;
  /** The binding of the KV namespace. */
  namespace: string;
  environment: string | undefined;
  vars: Readonly<Record<string, unknown>>;
}

/** The part of the configuration that is used; wrangler's own type needs packages that are not installed. */
interface Config {
  name?: string;
  d1_databases: { binding: string; database_name?: string }[];
  vars: Record<string, unknown>;
}

export async function readProject(environment: string | undefined): Promise<Project> {
  const config = await readConfig(environment);
  const database = config.d1_databases.find(({ binding }) => binding === 'DB');
  if (!config.name || !database?.database_name) {
    throw new ScriptFault(
      'wrangler.toml needs a name and a D1 database with the binding DB and a database_name.',
    );
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
  const { unstable_readConfig } = await importWrangler();
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

    /** Returns the addresses of the Worker. Adds `secrets` to those that the Worker has. */
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
        // wrangler creates a namespace only if the Worker has none, so an earlier deployment stopped right after that.
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

/** Works with a copy of the configuration that has the id of the namespace, in the same folder for its relative paths. */
async function withNamespaceId<T>(
  { namespace, environment }: Project,
  id: string,
  work: (config: string) => Promise<T>,
): Promise<T> {
  const { experimental_readRawConfig } = await importWrangler();
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

/** From JSON lines; a deployment is `{"type": "deploy", "targets": ["https://…", "accounts.example.com (custom domain)"]}`. */
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
  if (start === -1) throw new ScriptFault(`wrangler did not return JSON:\n${stdout}`);
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
