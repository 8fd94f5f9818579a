/** The routes of the rooms. Separate from rooms.ts, so that a host's types do not depend on the stores. */
import { connectionsRoutes } from './connections/routes.ts';
import { emailSignInRoutes } from './email-sign-in/routes.tsx';
import { pageRoutes } from './pages/routes.tsx';
import { passkeyRoutes } from './passkeys/routes.ts';
import { secondFactorRoutes } from './second-factor/routes.ts';

/** Below the mount of the account app. */
export const roomRoutes = () =>
  // A tuple, as TypeScript may unify the rooms' types in an array.
  [secondFactorRoutes(), emailSignInRoutes(), passkeyRoutes(), pageRoutes(), connectionsRoutes()] as const;
