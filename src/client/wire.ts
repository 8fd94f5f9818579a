/** Bodies of the account API. The server's OpenAPI document describes each field. */

export interface User {
  id: string;
  email: string | null;
  username: string | null;
  name: string | null;
  is_active: boolean;
  is_staff: boolean;
  email_verified: boolean;
  date_joined: string;
  last_login: string | null;
}

export interface Session {
  id: string;
  /** The session of this request. */
  current: boolean;
  created_at: string;
  last_used_at: string;
  expires_at: string;
  user_agent: string | null;
  ip: string | null;
  country: string | null;
}

export interface Export {
  exported_at: string;
  user: User;
  /** Oldest first, including ended ones. */
  sessions: (Session & {
    ended_at: string | null;
    ended_because: string | null;
    /** When and how (RFC 8176) the user last authenticated. */
    authenticated_at: string;
    amr: string[];
  })[];
  /** Unused one-time tokens, such as links sent by e-mail. */
  pending: {
    purpose: string;
    created_at: string;
    expires_at: string;
    new_email: string | null;
    /** An address that can be taken back. */
    old_email: string | null;
    /** Where the account was created from. */
    ip: string | null;
    country: string | null;
  }[];
  /** What staff did to the account. */
  history: { at: string; action: string }[];
}

export interface SignUp {
  email: string;
  password: string;
  name?: string | null;
  username?: string | null;
}

export type LogIn = { email: string; password: string } | { username: string; password: string };
