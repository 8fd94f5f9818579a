/** Prints the table of settings for docs/settings.md; a test compares the two. */
import { SETTINGS } from '../src/settings.ts';
import { SETTING_MEANINGS } from './settings-meanings.ts';

export function settingsTable(): string {
  const rows = (Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]).map((name) => {
    const setting = SETTINGS[name];
    const secret = 'secret' in setting ? ' (secret)' : '';
    const fallback = setting.default === null ? 'none' : `\`${setting.default}\``;
    return `| \`${name}\`${secret} | ${fallback} | ${SETTING_MEANINGS[name]} |`;
  });
  return ['| name | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) console.log(settingsTable());
