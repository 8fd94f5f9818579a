/** What the outbox is made of: its store, and the way out. Times are epoch seconds. */
import type { Report } from '../ports.ts';

/** An event that has been claimed: whoever has its `attempts` may settle it. */
export interface OutboxEvent {
  userId: string;
  seq: number;
  /** The same at every attempt, so that a receiver knows what it has seen. */
  id: string;
  type: string;
  /** JSON. */
  data: string;
  createdAt: number;
  giveUpAt: number;
  attempts: number;
}

export interface Outbox {
  /**
   * Claims the heads of queues that are due, of one user or of all, so that nobody else delivers of these users until
   * `leaseSeconds` are over.
   */
  claim: (what: {
    userId: string | null;
    limit: number;
    now: number;
    leaseSeconds: number;
  }) => Promise<OutboxEvent[]>;
  /** It is delivered and gone; the next one of its user is claimed in its place. Null: there is none. */
  delivered: (event: OutboxEvent, now: number, leaseSeconds: number) => Promise<OutboxEvent | null>;
  /** It waits for its next attempt; `dueAt` null: it is dead, and the next one of its user is due. */
  failed: (
    event: OutboxEvent,
    outcome: { failure: string; dueAt: number | null; now: number },
  ) => Promise<void>;
  /** Gives a claim back before its lease is over. */
  release: (event: OutboxEvent, now: number) => Promise<void>;
}

/** What leaves the Worker. */
export interface Message {
  id: string;
  type: string;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: Readonly<Record<string, unknown>>;
}

export type Delivery =
  | { ok: true }
  /** `retryAfter`: seconds, where the receiver says so. */
  | { ok: false; failure: string; retryAfter?: number };

/** Never rejects, and ends within the lease. `now` in epoch seconds. */
export type Send = (message: Message, now: number) => Promise<Delivery>;

/** Of one user, or of all: as far as it comes within its time. */
export type DeliverEvents = (
  userId: string | null,
  report: Report,
) => Promise<{ delivered: number; failed: number }>;
