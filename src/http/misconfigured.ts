/** 503 misconfigured: logs all faults in one line; in development the response lists them too. */
import { Refusal } from '../errors.ts';
import type { SettingFault } from '../guard-settings.ts';
import type { Report } from '../ports.ts';

/** Returns what is wrong, as logged. */
export function reportMisconfigured(faults: readonly SettingFault[], report: Report): string[] {
  const problems = faults.map(({ setting, problem }) => `${setting} ${problem}`);
  report('error', 'misconfigured', { settings: faults.map(({ setting }) => setting), problems });
  return problems;
}

/** `env`: the raw variables, as the settings could not be read. */
export function misconfigured(
  faults: readonly SettingFault[],
  env: Readonly<Record<string, unknown>>,
  report: Report,
): Refusal {
  const problems = reportMisconfigured(faults, report);
  return new Refusal('misconfigured', {
    headers: { 'Retry-After': '60' },
    ...(env.ENVIRONMENT === 'development' && { problems }),
  });
}
