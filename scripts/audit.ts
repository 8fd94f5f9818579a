/**
 * `npm run audit`: fails where a known vulnerability is in what is deployed. Passes, and says so, where the registry
 * answers no such question: a mirror often does not, and CI must not depend on which one is asked.
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
  console.log(`Not audited: the registry does not answer it (${report.message ?? 'no report'}).`);
} else if (total === 0) {
  console.log('No known vulnerability in the production dependencies.');
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
