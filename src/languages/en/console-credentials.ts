/** The forms of the console that set a user's address or password. */
export const credentials = {
  emailTitle: 'Change the e-mail address',
  emailText:
    'The change takes effect at once, and every link mailed to them before is void. No session ends.',
  emailTextVerified:
    'The change takes effect at once, and every link mailed to them before is void. No session ends. The old address gets an e-mail with a link that restores it, valid for 72 hours.',
  theirs: 'I know that this address is theirs: mark it as verified',
  emailButton: 'Change the address',
  passwordTitle: 'Set a password',
  passwordText:
    'Every link mailed to them before is void. They are told by e-mail that the password changed, not what it is.',
  newPassword: 'New password',
  passwordButton: 'Set the password',
};
