/** Prints the table of settings as README.md has it; a test compares the two. */
import { SETTINGS } from '../src/settings.ts';

export function settingsTable(): string {
  const rows = Object.entries(SETTINGS).map(([name, setting]) => {
    const secret = 'secret' in setting ? ' (secret)' : '';
    const fallback = setting.default === null ? 'none' : `\`${setting.default}\``;
    return `| \`${name}\`${secret} | ${fallback} | ${setting.meaning} |`;
  });
  return ['| name | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) console.log(settingsTable());
