/** Passkeys. */

export const passkeyNames = {
  /** Of a passkey that was added without a name. */
  unnamed: 'Passkey',
};
