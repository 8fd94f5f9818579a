/**
 * Builds the services of the rooms; compose.ts builds those of connections/, and events-out.ts those of outbox/. To
 * remove a room, delete its folder and the lines that import it.
 */
import type { AdminServices } from './admin/acting.ts';
import type { D1 } from './db/client.ts';
import { codeDigest } from './email-sign-in/code.ts';
import { d1EmailSignIn } from './email-sign-in/d1-email-sign-in.ts';
import { d1KnownDevices } from './new-device/d1-known-devices.ts';
import { newDeviceNotice } from './new-device/notice.ts';
import { d1PasskeyServices } from './passkeys/d1-passkeys.ts';
import { createPasskeyProof } from './passkeys/reauthentication.ts';
import { d1Factors } from './second-factor/d1-factors.ts';
import { createSecondFactor } from './second-factor/sign-in.ts';
import { secretBox } from './secret-box.ts';
import type { Settings } from './settings.ts';

type RoomServices = Pick<
  AdminServices,
  'secondFactor' | 'factors' | 'emailSignIn' | 'passkeys' | 'passkeyProof' | 'noticeDevice'
>;

/** A service is null if the settings turn its room off. `signingKey`: other keys are derived from it. */
export function composeRooms(
  settings: Settings,
  d1: D1,
  context: Pick<AdminServices, 'isAllowedOrigin' | 'clock' | 'random' | 'mailer'> & { signingKey: string },
): RoomServices {
  const { signingKey, clock, random, mailer } = context;
  const passkeys = settings.PASSKEYS ? d1PasskeyServices(d1, signingKey) : null;
  const { ENCRYPTION_KEY, ENCRYPTION_KEYS_OLD, ACCESS_TOKEN_LIFETIME } = settings;
  const factors = ENCRYPTION_KEY
    ? { store: d1Factors(d1), box: secretBox([ENCRYPTION_KEY, ...ENCRYPTION_KEYS_OLD]) }
    : null;
  return {
    factors,
    secondFactor:
      factors &&
      createSecondFactor(factors, {
        random,
        clock,
        accessLifetimeSeconds: ACCESS_TOKEN_LIFETIME,
        passkeys: passkeys !== null,
      }),
    emailSignIn: settings.SIGN_IN_BY_EMAIL
      ? { store: d1EmailSignIn(d1), digest: codeDigest(signingKey) }
      : null,
    noticeDevice: settings.NEW_DEVICE_MAIL ? newDeviceNotice(d1KnownDevices(d1), { mailer, settings }) : null,
    passkeys,
    passkeyProof: passkeys && createPasskeyProof(passkeys, { ...context, settings }),
  };
}
