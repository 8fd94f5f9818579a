/** The e-mail about a sign-in from a new device (NEW_DEVICE_MAIL). */
import type { NoticeDevice } from '../account/application/authentication.ts';
import { sendMail } from '../account/application/mailing.ts';
import type { Services } from '../account/application/tokens.ts';
import { deviceOf } from '../device.ts';
import type { Session } from '../model.ts';
import { deviceHash } from './device.ts';
import type { KnownDevices } from './ports.ts';

/**
 * Remembers the device of a sign-in. Returns whether it is new for a user who has signed in from another one. Without any
 * known device, the stored sessions are looked at: they may be older than NEW_DEVICE_MAIL.
 */
async function isNewDevice(known: KnownDevices, session: Session): Promise<boolean> {
  const { userId, createdAt } = session;
  const hash = await deviceHash(userId, session);
  const { isAdded, isOnly } = await known.add(userId, hash, createdAt);
  if (!isAdded || !isOnly) return isAdded;
  const earlier = await known.ofSessions(session);
  const hashes = new Set(await Promise.all(earlier.map((one) => deviceHash(userId, one))));
  await known.addAll(userId, [...hashes], createdAt);
  return hashes.size > 0 && !hashes.has(hash);
}

/**
 * Runs after the response, or before it for the development inbox, whose e-mails may be read next. A failure is logged
 * and does not affect the sign-in.
 */
export const newDeviceNotice =
  (known: KnownDevices, { mailer, settings }: Pick<Services, 'mailer' | 'settings'>): NoticeDevice =>
  async (user, session, call) => {
    const tell = async () => {
      try {
        if (!(await isNewDevice(known, session))) return;
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
