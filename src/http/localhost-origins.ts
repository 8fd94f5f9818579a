/** In development, CORS allows localhost origins with any port, as front-end servers choose their own. */
import type { Report } from '../ports.ts';
import type { Settings } from '../settings.ts';

const LOCALHOST = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

const reported = new WeakSet<Settings>();

/** For CORS only: requests with a cookie (cookie mode, the console) are always checked against ALLOWED_ORIGINS. */
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
