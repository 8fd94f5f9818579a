/** Services of the use cases of the second factor. */
import type { Services } from '../account/application/tokens.ts';
import type { FactorServices } from './ports.ts';

/** `factors`: null without ENCRYPTION_KEY. */
export type WithFactors = Services & { factors: FactorServices | null };
