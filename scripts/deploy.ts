/**
 * `npm run deploy`: deploys a clone to Cloudflare, after `npx wrangler login` or with CLOUDFLARE_API_TOKEN. It looks at
 * what exists first (lib/deployment-plan.ts), so it can be run again at any time, also after a failure. It changes no
 * file of the clone and prints no secret.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cloudflareAccount, type Project, readProject } from './lib/cloudflare-account.ts';
import { describeStep, planDeployment, type Step } from './lib/deployment-plan.ts';
import { ScriptFault } from './lib/fault.ts';
import { helpIfAsked } from './lib/help.ts';
import { holding } from './lib/lock.ts';
import { NEW_SECRETS } from './lib/new-secrets.ts';
import { root } from './lib/project.ts';
import { exitOnSignal, runScript } from './lib/stop.ts';
import { wrangler } from './lib/wrangler.ts';

const USAGE = `Usage: npm run deploy -- [--env NAME] [--location LOCATION] [--url URL] [--dry-run]

  --env NAME           the environment [env.NAME] in wrangler.toml
  --location LOCATION  where to create the D1 database if it does not exist: weur, eeur, apac, oc, wnam or enam
  --url URL            the address for the smoke test (default: PUBLIC_URL, or the address that wrangler reports)
  --dry-run            show the steps without running them`;

const LOCATIONS = ['weur', 'eeur', 'apac', 'oc', 'wnam', 'enam'];
/** A new workers.dev address can take a minute to resolve everywhere. */
const ADDRESS_WITHIN_MS = 120_000;
const ADDRESS_RETRY_MS = 2_000;

await runScript(async () => {
  exitOnSignal();
  const options = readOptions();
  const project = await readProject(options.env);
  // Two first deployments at once would each generate a key.
  mkdirSync(join(root, '.wrangler'), { recursive: true });
  return holding(join(root, '.wrangler/deploy.lock'), () => deploy(project, options));
});

interface Options {
  env: string | undefined;
  location: string | undefined;
  url: string | undefined;
  dryRun: boolean;
}

async function deploy(project: Project, options: Options): Promise<number> {
  const account = cloudflareAccount(wrangler, project);
  const publicUrl = project.vars.PUBLIC_URL;
  const existing = await account.existing();
  if (options.location !== undefined && existing.database) {
    console.log(`The database ${project.database} already exists: --location has no effect.`);
  }
  const steps = planDeployment(existing, {
    secrets: Object.keys(NEW_SECRETS).filter((name) => !(name in project.vars)),
    location: options.location,
    url: options.url ?? (typeof publicUrl === 'string' ? publicUrl : undefined),
  });

  let targets: string[] = [];
  const perform = async (step: Step): Promise<number> => {
    switch (step.step) {
      case 'create-database':
        await account.createDatabase(step.location);
        return 0;
      case 'migrate':
        await account.migrate();
        return 0;
      case 'deploy':
        targets = await account.deploy(
          Object.fromEntries(step.secrets.map((name) => [name, NEW_SECRETS[name]?.() ?? ''])),
        );
        for (const target of targets) console.log(`  ${target}`);
        return 0;
      case 'smoke':
        return smoke(step.url ?? targets.find((target) => target.startsWith('https://')));
    }
  };

  for (const [index, step] of steps.entries()) {
    console.log(`${index + 1}/${steps.length} ${describeStep(step, project)}`);
    if (options.dryRun) continue;
    const code = await perform(step);
    if (code !== 0) return code;
  }
  if (options.dryRun) console.log('Dry run: nothing was changed.');
  else if (existing.secrets === null) {
    const chosen = project.environment === undefined ? '' : ` --env ${project.environment}`;
    console.log(
      `\nNow create the first staff account: npm run createsuperuser -- --email you@example.com --remote${chosen}`,
    );
  }
  return 0;
}

async function smoke(url: string | undefined): Promise<number> {
  if (url === undefined) {
    console.log('  Skipped: the address is unknown. Set PUBLIC_URL in wrangler.toml, or pass --url.');
    return 0;
  }
  const base = url.replace(/\/+$/, '');
  await waitForAnswer(`${base}/healthz`);
  const child = spawn(process.execPath, ['--no-warnings', join(root, 'scripts/smoke.ts'), base], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function waitForAnswer(url: string): Promise<void> {
  const deadline = Date.now() + ADDRESS_WITHIN_MS;
  for (;;) {
    const ok = await fetch(url, { signal: AbortSignal.timeout(ADDRESS_RETRY_MS * 5) }).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    if (Date.now() > deadline) throw new ScriptFault(`The Worker is deployed, but ${url} does not answer.`);
    await sleep(ADDRESS_RETRY_MS);
  }
}

function readOptions(): Options {
  helpIfAsked(USAGE);
  try {
    const { values } = parseArgs({
      options: {
        env: { type: 'string', short: 'e' },
        location: { type: 'string' },
        url: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
      },
    });
    if (values.location !== undefined && !LOCATIONS.includes(values.location)) {
      throw new Error(`--location must be one of ${LOCATIONS.join(', ')}`);
    }
    if (values.url !== undefined && !/^https?:\/\//.test(values.url)) {
      throw new Error('--url must start with https://');
    }
    return { env: values.env, location: values.location, url: values.url, dryRun: values['dry-run'] };
  } catch (error) {
    throw new ScriptFault(`${(error as Error).message}\n${USAGE}`);
  }
}
