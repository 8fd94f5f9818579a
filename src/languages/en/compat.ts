/** The messages of djoser and dj-rest-auth, word for word. */

/** Field errors. */
export const libraryFaults = {
  email_unique: 'user with this email already exists.',
  username_unique: 'A user with that username already exists.',
  email_registered: 'User is already registered with this e-mail address.',
  credentials: 'Unable to log in with provided credentials.',
  name_missing: 'Must include either "username" or "email" and "password".',
  password_mismatch: "The two password fields didn't match.",
  django_mismatch: 'The two password fields didn’t match.',
  djoser_password: 'Invalid password.',
  djoser_token: 'Invalid token for given user.',
  djoser_uid: "Invalid user id or user doesn't exist.",
  old_password_incorrect: 'Your old password was entered incorrectly. Please enter it again.',
  invalid_value: 'Invalid value',
};

/** The `detail` of dj-rest-auth's responses. */
export const restAuthWords = {
  logged_out: 'Successfully logged out.',
  refresh_not_sent: 'Refresh token was not included in request data.',
  refresh_not_found: 'No valid refresh token found.',
  password_saved: 'New password has been saved.',
  reset_sent: 'Password reset e-mail has been sent.',
  password_reset: 'Password has been reset with the new password.',
  verification_sent: 'Verification e-mail sent.',
  ok: 'ok',
};
