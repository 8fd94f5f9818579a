/** The log: one line of JSON per event. */
import type { Report } from '../ports.ts';

export const reporter =
  (requestId: string): Report =>
  (level, event, fields = {}) =>
    console[level](JSON.stringify({ level, event, request_id: requestId, ...fields }));
