/** Bodies of the account API. Each field is explained in the OpenAPI document of the server. */

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
  /** The one that asks. */
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
  /** Oldest first, those that have ended too. */
  sessions: (Session & {
    ended_at: string | null;
    ended_because: string | null;
    /** When and how the user last proved who they are; RFC 8176. */
    authenticated_at: string;
    amr: string[];
  })[];
  /** What was sent by e-mail and is not used yet. */
  pending: { purpose: string; created_at: string; expires_at: string; new_email: string | null }[];
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
