/** Passkeys. */

export const passkeyNames = {
  /** The name of a passkey that was added without one. */
  unnamed: 'Passkey',
};
