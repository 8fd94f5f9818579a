/** What the console asks before what cannot be undone. */
export const questions = {
  activate: {
    title: 'Activate this staff member?',
    text: 'They may log in and use this console again. Nobody has verified their address.',
    button: 'Activate',
  },
  promote: {
    title: 'Make this user staff?',
    text: 'They may use this console. All their sessions end: they have to log in again.',
    button: 'Make staff',
  },
  deactivate: {
    title: 'Deactivate this user?',
    text: 'They cannot log in, and all their sessions end for good.',
    button: 'Deactivate',
  },
  demote: {
    title: 'Remove this user from staff?',
    text: 'They lose this console, and all their sessions end for good.',
    button: 'Remove from staff',
  },
  'end-sessions': {
    title: 'End all sessions of this user?',
    text: 'They have to log in again everywhere.',
    button: 'End all sessions',
  },
  'remove-factor': {
    title: 'Switch off the second factor of this user?',
    text: 'Their password alone lets them in until they set up another one. Their recovery codes are void.',
    button: 'Switch it off',
  },
  'remove-passkey': {
    title: 'Remove this passkey of the user?',
    text: 'It no longer signs in. If it was their only way to sign in, they have to reset their password. They are told by e-mail, and their sessions stay.',
    button: 'Remove the passkey',
  },
  'remove-connection': {
    title: 'Remove this connected account of the user?',
    text: 'It no longer signs in. If it was their only way to sign in, they have to reset their password. They are told by e-mail, and their sessions stay.',
    button: 'Remove the connected account',
  },
  delete: {
    title: 'Delete this user?',
    text: 'The account and all that belongs to it are gone for good. In the history a pseudonym takes their place.',
    button: 'Delete for good',
  },
};
