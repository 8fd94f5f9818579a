/**
 * `npm run audit`: fails if a production dependency has a known vulnerability. Passes, and says so, if the registry has
 * no audit endpoint: many mirrors have none, and CI must not depend on which registry is configured.
 */
import { spawnSync } from 'node:child_process';

interface Report {
  metadata?: { vulnerabilities: { total: number } };
  message?: string;
}

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
});
if (error) throw error;

const report = parse(stdout);
const total = report.metadata?.vulnerabilities.total;
if (total === undefined) {
  console.log(`Not audited: the registry returned no audit report (${report.message ?? 'no message'}).`);
} else if (total === 0) {
  console.log('No known vulnerabilities in the production dependencies.');
} else {
  console.error(stdout);
  console.error(`${total} known vulnerabilities in the production dependencies.`);
  process.exitCode = 1;
}

function parse(text: string): Report {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return {};
  }
}
