/** What decides which code is installed, tested and deployed, and with whose rights. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Entry {
  integrity?: string;
  link?: boolean;
  resolved?: string;
}
/** What each lock file installs, the project itself apart. */
const installedBy = (file: string) => {
  const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Entry> };
  return Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && !link);
};

describe.each([
  ['package-lock.json', 100],
  ['bench/peers/package-lock.json', 10],
  ['test/clients/package-lock.json', 100],
])('%s', (file, atLeast) => {
  const installed = installedBy(file);

  it('has the hash of every package, so that only reviewed packages are installed', () => {
    const without = installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
    expect(without.map(([path]) => path)).toEqual([]);
    expect(installed.length).toBeGreaterThan(atLeast);
  });

  it('names no registry', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

const workflows = readdirSync('.github/workflows').map((file) => ({
  file,
  text: readFileSync(`.github/workflows/${file}`, 'utf8'),
}));
/** The text of each job, by its name. */
const jobsOf = (text: string) =>
  text
    .slice(text.indexOf('\njobs:\n'))
    .split(/\n(?= {2}[\w-]+:\n)/)
    .slice(1)
    .map((job) => ({ name: /[\w-]+/.exec(job)?.[0] ?? '', job }));
const jobs = workflows.flatMap(({ file, text }) =>
  jobsOf(text).map(({ name, job }) => ({ title: `${file}, ${name}`, job })),
);

describe('the workflows', () => {
  it('are three with five jobs', () => {
    expect(jobs.map(({ title }) => title)).toEqual([
      'deploy.yml, test',
      'deploy.yml, deploy',
      'publish.yml, test',
      'publish.yml, publish',
      'test.yml, test',
    ]);
  });

  it.each(workflows)('$file pins each action by its commit, with the version in a comment', ({ text }) => {
    const used = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it.each(workflows)('$file gives no permissions to a job that asks for none', ({ text }) => {
    expect(text).toContain('\npermissions: {}\n');
  });

  it.each(jobs)('$title may read the repository and keeps no credentials', ({ job }) => {
    expect(job).toMatch(/\n {4}permissions:\n {6}contents: read\n(?: {6}id-token: write\n)? {4}\w/);
    expect(job.match(/persist-credentials: false/g)).toHaveLength(
      job.match(/actions\/checkout@/g)?.length ?? 0,
    );
  });

  it('let only one job authenticate with npm, in a protected environment', () => {
    const trusted = jobs.filter(({ job }) => job.includes('id-token'));
    expect(trusted.map(({ title }) => title)).toEqual(['publish.yml, publish']);
    const job = trusted[0]?.job ?? '';
    expect(job).toContain('npm ci --ignore-scripts');
    expect(job).not.toMatch(/cache: npm|secrets\./);
    expect(job).toContain('environment:\n      name: npm\n');
    expect(job.match(/npm publish --provenance --access public /g)).toHaveLength(2);
  });

  it('publish on one tag and deploy on another', () => {
    const tagsOf = (text: string) => /^ {4}tags: (\[.*\])$/m.exec(text)?.[1];
    expect(workflows.map(({ file, text }) => [file, tagsOf(text)])).toEqual([
      ['deploy.yml', '["deploy-*"]'],
      ['publish.yml', '["v*"]'],
      ['test.yml', undefined],
    ]);
  });

  it('pass the deploy token only to one step of the job that deploys, in a protected environment', () => {
    const [deploy, ...others] = [
      ...jobs.filter(({ job }) => job.includes('name: production')),
      ...jobs.filter(({ job }) => !job.includes('name: production')),
    ];
    expect(deploy?.title).toBe('deploy.yml, deploy');
    for (const { job } of others) expect(job).not.toContain('secrets.');
    const [before, step] = (deploy?.job ?? '').split('      - run: npm run deploy\n');
    expect(before).not.toContain('secrets.');
    expect(before).toContain('npm ci --ignore-scripts');
    expect(before).not.toMatch(/cache: npm/);
    expect(step).toContain('secrets.CLOUDFLARE_API_TOKEN');
  });
});
