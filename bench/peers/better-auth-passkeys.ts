import { passkey } from '@better-auth/passkey';
import { worker } from './worker.ts';

/** The same name and origin as our Worker has in development. */
export default worker(passkey({ rpID: 'localhost', origin: 'http://localhost' }));
