/** A list as CSV (RFC 4180), for spreadsheets too. Pure. */

/** What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), the full-width signs of Excel included. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
/** Excel reads a file without it in the code page of the machine. */
const BYTE_ORDER_MARK = '\ufeff';

type Value = string | boolean | null;

function cell(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return String(value);
  return `"${(FORMULA.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
}

export const csvHead = (columns: readonly string[]): string => `${BYTE_ORDER_MARK}${columns.join(',')}\r\n`;
export const csvRows = (
  columns: readonly string[],
  rows: readonly Readonly<Record<string, Value>>[],
): string =>
  rows.map((row) => `${columns.map((column) => cell(row[column] ?? null)).join(',')}\r\n`).join('');
