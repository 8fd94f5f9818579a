/** In development the pages of this machine may call the API whatever their port: a front end's server picks its own. */
import type { Report } from '../ports.ts';
import type { Settings } from '../settings.ts';

const LOCALHOST = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

const reported = new WeakSet<Settings>();

/** For CORS only: what carries a cookie (cookie mode, the console) checks its Origin by ALLOWED_ORIGINS all the same. */
export function isLocalhostOrigin(origin: string, settings: Settings, report: Report): boolean {
  if (settings.ENVIRONMENT !== 'development' || !LOCALHOST.test(origin)) return false;
  if (!reported.has(settings)) {
    reported.add(settings);
    report('info', 'localhost_origins_allowed', {
      hint: 'development allows every localhost origin; production only those of ALLOWED_ORIGINS',
    });
  }
  return true;
}
