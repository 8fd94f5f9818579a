/** What the use cases of connected accounts are built from. */
import type { Services } from '../account/application/tokens.ts';
import type { ConnectionServices } from './ports.ts';

export type WithConnections = Services & { connections: ConnectionServices };
