/** Decides the steps of `npm run deploy` from what exists. No I/O. */

/** What exists at Cloudflare under the names in wrangler.toml. */
export interface Existing {
  /** The names of the Worker's secrets; null if there is no Worker. */
  secrets: readonly string[] | null;
  database: boolean;
}

export interface Wanted {
  /** The secrets that the Worker requires. */
  secrets: readonly string[];
  /** Where to create a missing database; undefined: near the machine that deploys. */
  location: string | undefined;
  /** The address of the Worker; undefined: the one that wrangler reports after deploying. */
  url: string | undefined;
}

export type Step =
  | { step: 'create-database'; location: string }
  | { step: 'migrate' }
  /** `secrets`: those to generate and upload. */
  | { step: 'deploy'; secrets: readonly string[] }
  | { step: 'smoke'; url: string | undefined };

/**
 * Migrations only add, so the running Worker works with a newer schema, but a new Worker not with an older one: migrate
 * first. If wrangler creates the database while deploying, migrate after that. An existing secret is never replaced:
 * another SIGNING_KEY would sign everybody out.
 */
export function planDeployment(existing: Existing, wanted: Wanted): Step[] {
  const present = existing.secrets ?? [];
  const deploy: Step = {
    step: 'deploy',
    secrets: wanted.secrets.filter((name) => !present.includes(name)),
  };
  const smoke: Step = { step: 'smoke', url: wanted.url };
  if (existing.database) return [{ step: 'migrate' }, deploy, smoke];
  if (wanted.location === undefined) return [deploy, { step: 'migrate' }, smoke];
  return [{ step: 'create-database', location: wanted.location }, { step: 'migrate' }, deploy, smoke];
}

/** One line for the terminal. */
export function describeStep(step: Step, names: { worker: string; database: string }): string {
  switch (step.step) {
    case 'create-database':
      return `Create the D1 database ${names.database} (${step.location})`;
    case 'migrate':
      return `Apply the migrations to ${names.database}`;
    case 'deploy':
      return step.secrets.length === 0
        ? `Deploy the Worker ${names.worker}, keeping its secrets`
        : `Deploy the Worker ${names.worker} with a new random ${step.secrets.join(', ')}`;
    case 'smoke':
      return `Run the smoke test against ${step.url ?? 'the address of the Worker'}`;
  }
}
