/** The routes of the rooms: apart from what the rooms are made of, so that a host's types reach no store. */
import { connectionsRoutes } from './connections/routes.ts';
import { emailSignInRoutes } from './email-sign-in/routes.tsx';
import { pageRoutes } from './pages/routes.tsx';
import { passkeyRoutes } from './passkeys/routes.ts';
import { secondFactorRoutes } from './second-factor/routes.ts';

/** Below the mount of the account app. */
export const roomRoutes = () =>
  // A tuple: of an array TypeScript may take one room's type for another's.
  [secondFactorRoutes(), emailSignInRoutes(), passkeyRoutes(), pageRoutes(), connectionsRoutes()] as const;
