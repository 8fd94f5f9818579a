/** Services of the use cases of connected accounts. */
import type { Services } from '../account/application/tokens.ts';
import type { ConnectionServices } from './ports.ts';

export type WithConnections = Services & { connections: ConnectionServices };
