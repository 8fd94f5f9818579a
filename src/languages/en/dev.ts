/** The pages of development: the start page and the inbox. */

export const devPages = {
  start: {
    title: 'Accounts in development',
    intro: 'The service is running. This page is shown in development only.',
    docs: 'API documentation',
    pages: 'Pages for your users',
    docsAbout: 'try every endpoint in the browser.',
    console: 'Console',
    consoleAbout: 'users, sessions and the audit log. To sign in, create a staff user first:',
    inbox: 'Development inbox',
    inboxAbout: 'the e-mails that would have been sent.',
    api: 'API',
  },
  inbox: {
    title: 'Development inbox',
    intro: 'E-mails of the last hour, newest first. Nothing is really sent.',
    empty: 'No e-mails yet. Sign up or request a password reset, then reload this page.',
    to: 'To: {to}',
  },
};
