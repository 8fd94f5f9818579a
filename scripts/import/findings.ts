/** Findings about the file as a whole: fields that are not imported, other models, lines that are not data. */

import type { ConnectionFault } from './connections.ts';
import type { Fields } from './fields.ts';
import type { Assumption } from './person.ts';
import { isEmpty } from './values.ts';

/** The names counted at most; a file with more has a dictionary's keys where a table would have fields. */
const MAX_NAMES = 300;
const MAX_QUOTED = 1_000;
const QUOTE_LENGTH = 100;

/** Fields with permissions or second factors: the summary warns that they are not imported. */
const WEIGHTY =
  /super_?user|(?:^|_)(?:admin|staff|root|owner)(?:$|_)|^(?:is)?(?:admin|staff|owner)$|^roles?$|perm(?:ission|s\b)|privileg|^groups?$|(?:^|_)mfa|totp|two_?factor|otp_/i;

export const isWeighty = (field: string): boolean => WEIGHTY.test(field);

export interface Findings {
  /** All records of the file. */
  records: number;
  /** Records with a part of a user: addresses, passwords, connections. */
  parts: number;
  /** Accounts at other providers, whether imported or not. */
  connections: number;
  /** Those that are not imported and why, by the provider's name in the file. */
  notConnected: Map<string, { fault: ConnectionFault; accounts: number }>;
  /** Accounts of which the file names only the provider, by its name. */
  named: Map<string, number>;
  /** By field name: in how many records it is not empty, and in how many it is neither false nor 0. */
  unused: Map<string, { rows: number; set: number }>;
  others: Map<string, { records: number; fields: Set<string> }>;
  assumed: Map<Assumption, number>;
  notData: { line: number; text: string }[];
  notDataLines: number;
  /** The source fields of `--map` that some record has. */
  mapped: Set<string>;
}

export const noFindings = (): Findings => ({
  records: 0,
  parts: 0,
  connections: 0,
  notConnected: new Map(),
  named: new Map(),
  unused: new Map(),
  others: new Map(),
  assumed: new Map(),
  notData: [],
  notDataLines: 0,
  mapped: new Set(),
});

export function noteUnused({ unused }: Findings, fields: Fields, used: ReadonlySet<string>): void {
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (used.has(name) || isEmpty(value)) continue;
    const found = unused.get(name);
    const isSet = value !== false && value !== 0 && !/^(?:false|f|0)$/i.test(String(value));
    if (found) {
      found.rows += 1;
      if (isSet) found.set += 1;
    } else if (unused.size < MAX_NAMES) {
      unused.set(name, { rows: 1, set: isSet ? 1 : 0 });
    }
  }
}

export function noteOther({ others }: Findings, model: string, fields: Fields): void {
  const found = others.get(model) ?? { records: 0, fields: new Set() };
  found.records += 1;
  for (const name of Object.keys(fields)) if (found.fields.size < MAX_NAMES) found.fields.add(name);
  if (others.has(model) || others.size < MAX_NAMES) others.set(model, found);
}

export function noteNotConnected({ notConnected }: Findings, provider: string, fault: ConnectionFault): void {
  const found = notConnected.get(provider);
  if (found) found.accounts += 1;
  else if (notConnected.size < MAX_NAMES) notConnected.set(provider, { fault, accounts: 1 });
}

export function noteNamed({ named }: Findings, provider: string): void {
  if (named.has(provider) || named.size < MAX_NAMES) named.set(provider, (named.get(provider) ?? 0) + 1);
}

export function noteNamedAsFound(findings: Findings): void {
  for (const [provider, accounts] of findings.named) {
    findings.connections += accounts;
    findings.notConnected.set(provider, { fault: 'no_subject', accounts });
  }
}

export function noteAssumed({ assumed }: Findings, kinds: readonly Assumption[]): void {
  for (const kind of new Set(kinds)) assumed.set(kind, (assumed.get(kind) ?? 0) + 1);
}

export function noteNotData(findings: Findings, line: number, text: string): void {
  findings.notDataLines += 1;
  if (findings.notData.length < MAX_QUOTED) findings.notData.push({ line, text: quote(text) });
}

/** The beginning of a line that is not data, unless it may contain a password. */
function quote(text: string): string {
  if (/passw|\$|[0-9a-f]{32}|[A-Za-z0-9+/]{40}/i.test(text)) return '(not shown: it may contain a password)';
  const shown = text.replaceAll(/\p{C}/gu, ' ').trim();
  return copy(shown.length > QUOTE_LENGTH ? `${shown.slice(0, QUOTE_LENGTH)}…` : shown);
}

/** A part of a string keeps the whole in memory, here a chunk of the file. */
const copy = (text: string): string => Buffer.from(text).toString();
