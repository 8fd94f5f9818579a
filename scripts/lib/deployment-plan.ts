/** What `npm run deploy` does, in which order, decided from what is there. No I/O. */

/** What Cloudflare has under the names of wrangler.toml. */
export interface Existing {
  /** The names of the Worker's secrets; null where there is no Worker. */
  secrets: readonly string[] | null;
  database: boolean;
}

export interface Wanted {
  /** The secrets that the Worker cannot do without. */
  secrets: readonly string[];
  /** Where a database that is not there is to be created; undefined: near whoever deploys. */
  location: string | undefined;
  /** Where the Worker can be reached; undefined: wrangler says so when it has deployed. */
  url: string | undefined;
}

export type Step =
  | { step: 'create-database'; location: string }
  | { step: 'migrate' }
  /** `secrets`: those to be made and uploaded. */
  | { step: 'deploy'; secrets: readonly string[] }
  | { step: 'smoke'; url: string | undefined };

/**
 * A migration only adds, so the running Worker lives with a newer schema and not the other way round: migrate first.
 * Where wrangler is to create the database there is nothing to migrate before it has deployed. A secret that is there
 * is never made again: another SIGNING_KEY would sign everybody out.
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

/** One line for people. */
export function describeStep(step: Step, names: { worker: string; database: string }): string {
  switch (step.step) {
    case 'create-database':
      return `Create the D1 database ${names.database} (${step.location})`;
    case 'migrate':
      return `Apply the migrations to ${names.database}`;
    case 'deploy':
      return step.secrets.length === 0
        ? `Deploy the Worker ${names.worker}, its secrets as they are`
        : `Deploy the Worker ${names.worker} with a new random ${step.secrets.join(', ')}`;
    case 'smoke':
      return `Run the smoke test against ${step.url ?? 'the address of the Worker'}`;
  }
}
