/** Several users of a list at once. */
export const groups = {
  ticked: 'Selected users:',
  all: 'Select all on this page',
  export: 'Export as CSV',
  count: 'Users: {count}',
  leftOut: 'Left out: {count}',
  nobody: 'None of the selected users can be changed this way. Select users in the list.',
  tooMany: 'Select at most {max} users at once.',
  typeCount: 'Type {count} to confirm',
  mismatch: 'That is not the number of users.',
  acts: {
    activate: {
      ask: 'Activate…',
      title: 'Activate these users?',
      text: 'They may log in again.',
      button: 'Activate them',
    },
    deactivate: {
      ask: 'Deactivate…',
      title: 'Deactivate these users?',
      text: 'They cannot log in until they are activated again, and every link mailed to them is void.',
      button: 'Deactivate them',
    },
    'end-sessions': {
      ask: 'End sessions…',
      title: 'End all sessions of these users?',
      text: 'They have to log in again everywhere.',
      button: 'End their sessions',
    },
    delete: {
      ask: 'Delete…',
      title: 'Delete these users?',
      text: 'The accounts and all their data are deleted for good. The users are told by e-mail. In the history pseudonyms take their place.',
      button: 'Delete them for good',
    },
  },
  why: {
    own: 'this is you',
    staff: 'no other staff user would be left',
    unverified: 'staff whose address is not verified: open their page',
    nothing: 'nothing to do',
  },
};
