/** Chromium's virtual authenticator: a device that stores passkeys and approves requests unless configured otherwise. */
import type { Page } from 'playwright-core';

export interface Credential {
  credentialId: string;
  isResidentCredential: boolean;
  rpId?: string;
  privateKey: string;
  userHandle?: string;
  signCount: number;
}

export interface Authenticator {
  /** Whether its user is recognized from now on. */
  recognizes: (yes: boolean) => Promise<void>;
  /** Whether its user touches it at once, or not at all. */
  answers: (yes: boolean) => Promise<void>;
  credentials: () => Promise<Credential[]>;
  /** As if it were a copy of the device that `credential` is from. */
  add: (credential: Credential) => Promise<void>;
  remove: () => Promise<void>;
}

export async function withAuthenticator(page: Page): Promise<Authenticator> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    recognizes: async (isUserVerified) => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    answers: async (enabled) => {
      await devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
    credentials: async () =>
      (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    add: async (credential) => {
      await devtools.send('WebAuthn.addCredential', { authenticatorId, credential });
    },
    remove: async () => {
      await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    },
  };
}
