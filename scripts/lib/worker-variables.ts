/**
 * What a script can know of the Worker's variables: `[vars]` of wrangler.toml (of the environment, where one is
 * named), for this machine's Worker .dev.vars over them, and over both the environment of the process. What was set
 * elsewhere (the dashboard, `wrangler secret put`, `--var`) nobody tells it.
 */
import { ScriptFault } from './fault.ts';
import { configFile } from './project.ts';

export async function workerVariables({
  remote,
  environment,
  config = configFile,
}: {
  remote: boolean;
  environment: string | undefined;
  /** Another one only in tests. */
  config?: string;
}): Promise<Record<string, unknown>> {
  // It takes a second to load: whoever mistyped an option does not wait for it.
  const { unstable_getVarsForDev, unstable_readConfig } = await import('wrangler');
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
