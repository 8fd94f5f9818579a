/** The ports of the outbox: its store and its receiver. Times are epoch seconds. */
import type { Report } from '../ports.ts';

/** A claimed event. `attempts` identifies the claim. */
export interface OutboxEvent {
  userId: string;
  seq: number;
  /** The same at every attempt, so that receivers can detect duplicates. */
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
   * Claims due heads of queues, of one user or of all users, so that nobody else delivers events of these users for
   * `leaseSeconds`.
   */
  claim: (what: {
    userId: string | null;
    limit: number;
    now: number;
    leaseSeconds: number;
  }) => Promise<OutboxEvent[]>;
  /** Deletes a delivered event, and claims and returns the user's next one; null if there is none. */
  delivered: (event: OutboxEvent, now: number, leaseSeconds: number) => Promise<OutboxEvent | null>;
  /** Schedules the next attempt. With `dueAt` null it becomes a dead letter, and the user's next event becomes due. */
  failed: (
    event: OutboxEvent,
    outcome: { failure: string; dueAt: number | null; now: number },
  ) => Promise<void>;
  /** Releases a claim before its lease is over. */
  release: (event: OutboxEvent, now: number) => Promise<void>;
}

/** An event as sent. */
export interface Message {
  id: string;
  type: string;
  /** When it happened, RFC 3339. */
  timestamp: string;
  data: Readonly<Record<string, unknown>>;
}

export type Delivery =
  | { ok: true }
  /** `retryAfter`: seconds, if the receiver sends it. */
  | { ok: false; failure: string; retryAfter?: number };

/** Never rejects, and finishes within the lease. `now` in epoch seconds. */
export type Send = (message: Message, now: number) => Promise<Delivery>;

/** Delivers events of one user, or of all users, within a time limit. */
export type DeliverEvents = (
  userId: string | null,
  report: Report,
) => Promise<{ delivered: number; failed: number }>;
