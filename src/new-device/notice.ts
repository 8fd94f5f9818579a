/** The e-mail about a sign-in from a new device (NEW_DEVICE_MAIL). */
import type { NoticeDevice } from '../account/application/authentication.ts';
import { sendMail } from '../account/application/mailing.ts';
import type { Services } from '../account/application/tokens.ts';
import { deviceOf } from '../device.ts';
import { isNewDevice } from './device.ts';
import type { SeenDevices } from './ports.ts';

/**
 * Runs after the response, or before it for the development inbox, whose e-mails may be read next. A failure is logged
 * and does not affect the sign-in.
 */
export const newDeviceNotice =
  (seen: SeenDevices, { mailer, settings }: Pick<Services, 'mailer' | 'settings'>): NoticeDevice =>
  async (user, session, call) => {
    const tell = async () => {
      try {
        if (!(await isNewDevice(session, await seen.before(session)))) return;
        const { name } = await deviceOf(session.userAgent);
        call.report('info', 'new_device', { user: user.id, session: session.id });
        await sendMail({ mailer, settings }, call, 'new_device', user.email, undefined, {
          made: { at: session.createdAt, by: session, device: name },
        });
      } catch {
        call.report('error', 'new_device_failed', { user: user.id });
      }
    };
    if (mailer?.awaited) await tell();
    else call.waitUntil(tell());
  };
