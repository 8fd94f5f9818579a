/** 503 misconfigured: one log line with every fault, and in development an answer that names them too. */
import { Refusal } from '../errors.ts';
import type { SettingFault } from '../guard-settings.ts';
import type { Report } from '../ports.ts';

/** `env`: the variables as they are bound, since the settings are what could not be read. */
export function misconfigured(
  faults: readonly SettingFault[],
  env: Readonly<Record<string, unknown>>,
  report: Report,
): Refusal {
  const problems = faults.map(({ setting, problem }) => `${setting} ${problem}`);
  report('error', 'misconfigured', { settings: faults.map(({ setting }) => setting), problems });
  return new Refusal('misconfigured', {
    headers: { 'Retry-After': '60' },
    ...(env.ENVIRONMENT === 'development' && { problems }),
  });
}
