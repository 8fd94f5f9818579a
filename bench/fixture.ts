/** The caller: one user with one session, shared by the scripts and the Workers that they measure. */

export const SIGNING_KEY = 'a-signing-key-for-the-bench-0123456789-abcdef';
export const ISSUED_FOR_SECONDS = 86_400;

export const USER = {
  id: '019a0000-0000-7000-8000-000000000001',
  email: 'mina@example.com',
  password: 'correct horse battery',
};
export const SESSION_ID = '019a0000-0000-7000-8000-0000000000a1';
