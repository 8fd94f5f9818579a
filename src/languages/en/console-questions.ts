/** What the console asks before what cannot be undone. */
export const questions = {
  activate: {
    title: 'Activate this staff member?',
    text: 'They may log in and use this console again. Nobody has verified their address.',
    button: 'Activate',
  },
  promote: {
    title: 'Make this user staff?',
    text: 'They may use this console, and have to log in again.',
    button: 'Make staff',
  },
  deactivate: {
    title: 'Deactivate this user?',
    text: 'They cannot log in until they are activated again, and every link mailed to them is void.',
    button: 'Deactivate',
  },
  demote: {
    title: 'Remove this user from staff?',
    text: 'They lose access to this console, and have to log in again everywhere.',
    button: 'Remove from staff',
  },
  end: {
    title: 'End this session?',
    text: 'Whoever uses it has to log in again there. Other sessions stay.',
    button: 'End the session',
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
  'verify-email': {
    title: 'Mark this address as verified?',
    text: 'It counts as proven to be theirs: they may become staff, and it can be used to reset the password. Do this only if you know whose address it is. They are told by e-mail.',
    button: 'Mark as verified',
  },
  'remove-password': {
    title: 'Remove the password of this user?',
    text: 'They cannot log in with a password until they choose a new one by e-mail, or you set one. They are told by e-mail.',
    button: 'Remove the password',
  },
  delete: {
    title: 'Delete this user?',
    text: 'The account and all its data are deleted for good. The user is told by e-mail. In the history a pseudonym takes their place.',
    button: 'Delete for good',
  },
};

/** The parts that every confirmation page shares. */
export const confirm = {
  noSession: 'They have no live session.',
  oneSession: 'Ends 1 session.',
  sessions: 'Ends {count} sessions.',
  manySessions: 'Ends more than {count} sessions.',
  own: 'This is your own account.',
  ownEnds: 'This is your own account: you will be logged out of this console.',
  typeEmail: 'Type the e-mail address to confirm',
  typeUsername: 'Type the username to confirm',
  mismatch: 'This does not match. Check the spelling.',
};
