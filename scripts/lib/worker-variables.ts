/**
 * The Worker's variables as far as a script can know them: `[vars]` in wrangler.toml (of the environment, if one is
 * named), overridden by .dev.vars for a local Worker, and by the environment of the process. Variables set in the
 * dashboard, by `wrangler secret put` or by `--var` are unknown.
 */
import { ScriptFault } from './fault.ts';
import { configFile } from './project.ts';
import { importWrangler } from './wrangler.ts';

export async function workerVariables({
  remote,
  environment,
  config = configFile,
}: {
  remote: boolean;
  environment: string | undefined;
  /** Set only in tests. */
  config?: string;
}): Promise<Record<string, unknown>> {
  const { unstable_getVarsForDev, unstable_readConfig } = await importWrangler();
  try {
    const { vars, secrets } = unstable_readConfig({ config, env: environment }, { hideWarnings: true });
    const known = remote
      ? vars
      : valuesOf(unstable_getVarsForDev(config, undefined, vars, environment, true, secrets));
    return { ...known, ...process.env };
  } catch (error) {
    throw new ScriptFault(`${config}: ${(error as Error).message}`);
  }
}

const valuesOf = (bindings: Readonly<Record<string, { value: unknown }>>) =>
  Object.fromEntries(Object.entries(bindings).map(([name, { value }]) => [name, value]));
