/** The summary that an import prints at its end: each finding once, with its number and what to do about it. */
import type { ConnectionFault } from './connections.ts';
import { type Findings, isWeighty } from './findings.ts';
import { explainPassword } from './hashes.ts';
import type { Assumption } from './person.ts';
import { type Counts, tally } from './tally.ts';

const MAX_QUOTED = 10;
const MAX_FIELDS = 30;

const ASSUMED: Readonly<Record<Assumption, string>> = {
  is_active: '“is_active” was empty: active (Django’s default)',
  is_staff: '“is_staff” was empty: not staff (Django’s default)',
  date_joined: 'the file does not say when they joined: the time of this import',
  zone: 'a time without a time zone: read as UTC',
  email_from_username: 'only the username was an e-mail address: it is now their address, unverified',
  verified_at: 'the file does not say when the address was verified: the time of this import',
};

/** Names of fields that may identify a user. */
const NAME_LIKE = /phone|mobile|login|handle|nick|user_?name|mail/i;

export function summary(counts: Counts, findings: Findings, unknownSources: readonly string[]): string[] {
  return [
    tally(counts),
    ...refusals(counts, findings),
    ...list('Left out', counts.leftOut),
    ...staff(counts),
    ...passwords(counts),
    ...assumptions(findings),
    ...weighty(findings),
    ...unused(findings),
    ...unknownSources.map((name) => `--map: no record has a field “${name}”`),
    ...others(findings),
    ...connections(counts, findings),
    ...notData(findings),
  ];
}

const list = (title: string, counted: ReadonlyMap<string, number>): string[] =>
  counted.size === 0 ? [] : [`${title}: ${[...counted].map(([name, n]) => `${name} ${n}`).join(', ')}`];

function refusals({ refusedFor }: Counts, { unused }: Findings): string[] {
  if (refusedFor.size === 0) return [];
  const lines = list('Refused', refusedFor);
  const names = [...unused.keys()].filter((name) => NAME_LIKE.test(name));
  if (refusedFor.has('nameless') && names.length > 0) {
    const targets = names.map((name) => `--map ${/mail/i.test(name) ? 'email' : 'username'}=${name}`);
    lines.push(`  Neither e-mail nor username: try ${targets.join(' or ')}`);
  }
  return lines;
}

function staff({ staff: n, staffUnverified, notStaff }: Counts): string[] {
  const unverified = staffUnverified > 0 ? `, ${staffUnverified} of them without a verified address` : '';
  return [
    ...(n > 0 ? [`Staff: ${n} of the imported, as before${unverified}`] : []),
    ...(notStaff > 0
      ? [
          `NOT STAFF: ${notStaff} of the imported were staff, but their address is not verified: they are ordinary users here.`,
          '  Make them staff in the console or with createsuperuser, or import with --keep-unverified-staff',
        ]
      : []),
  ];
}

function passwords({ mustReset, mustResetWithoutEmail: without }: Counts): string[] {
  const total = [...mustReset.values()].reduce((sum, n) => sum + n, 0);
  if (total === 0) return [];
  return [
    `${total} of the imported must reset their password:`,
    ...[...mustReset].map(([kind, n]) => `  ${kind} ${n}: ${explainPassword(kind)}`),
    ...(without > 0 ? [`  ${without} of them have no address to send a link to: staff must help them`] : []),
  ];
}

const assumptions = ({ assumed }: Findings): string[] =>
  [...assumed].map(([kind, n]) => `Assumed for ${n}: ${ASSUMED[kind]}`);

function weighty({ unused }: Findings): string[] {
  return [...unused]
    .filter(([name, { set }]) => isWeighty(name) && set > 0)
    .map(([name, { rows, set }]) => {
      const target = /admin/i.test(name) ? ` (to make them staff: --map is_staff=${name})` : '';
      return `NOT IMPORTED, although it may hold permissions or a second factor: ${name}, set for ${set} of ${rows}${target}`;
    });
}

function unused({ unused }: Findings): string[] {
  const names = [...unused].map(([name, { rows }]) => `${name} ${rows}`);
  if (names.length === 0) return [];
  const more = names.length > MAX_FIELDS ? `, and ${names.length - MAX_FIELDS} more` : '';
  return [`Fields not imported, with the number of records: ${names.slice(0, MAX_FIELDS).join(', ')}${more}`];
}

function others({ others }: Findings): string[] {
  return [...others].map(([model, { records, fields }]) => {
    const names = [...fields].slice(0, MAX_FIELDS).join(', ');
    return `Other model, skipped: ${model} ${records}${names === '' ? '' : ` (${names})`}`;
  });
}

const NOT_CONNECTED: Readonly<Record<ConnectionFault, (provider: string) => string>> = {
  no_provider: () => 'the file does not name the provider',
  no_issuer: (provider) =>
    `the issuer of this provider is unknown: add --provider ${provider}=https://… (docs/moving-in.md)`,
  no_subject: () => 'the file does not have the users’ ids there',
};

function connections(
  { connections: imported, connectionsTaken: taken }: Counts,
  { connections: found, notConnected }: Findings,
): string[] {
  if (found === 0) return [];
  const faulty = [...notConnected.values()].reduce((sum, { accounts }) => sum + accounts, 0);
  const rest = found - imported - taken - faulty;
  const more = [
    ...(taken > 0 ? [`${taken} that another user has`] : []),
    ...(rest > 0 ? [`${rest} repeated, or of users not imported in this run`] : []),
  ];
  return [
    `Accounts at other providers: ${[`${imported} of ${found} imported`, ...more].join(', ')}`,
    ...[...notConnected].map(
      ([provider, { fault, accounts }]) =>
        `  NOT IMPORTED: ${provider} ${accounts}: ${NOT_CONNECTED[fault](provider)}`,
    ),
  ];
}

function notData({ notData, notDataLines }: Findings): string[] {
  const quoted = notData.slice(0, MAX_QUOTED).map(({ line, text }) => `  line ${line}: ${text}`);
  if (quoted.length === 0) return [];
  const more = notDataLines - quoted.length;
  return [
    `Lines that are not data, ignored: ${notDataLines}`,
    ...quoted,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
