/** How the console looks for names: by the beginnings of their words, as the table `name_words` has them. Pure. */

import type { NameSearch } from './list-ports.ts';

/** SQLite's lower() knows no other letters. */
const asciiLower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** A word as people write it at the beginning of names, whatever they typed: `élodie`, `Élodie`, `ÉLODIE`. */
function spellings(word: string): string[] {
  const lower = word.toLowerCase();
  const [first = '', ...rest] = lower;
  const all = [word, lower, first.toUpperCase() + rest.join(''), word.toUpperCase()];
  return [...new Set(all.map(asciiLower))];
}

/** What somebody typed, word by word. */
export function nameSearch(text: string): NameSearch {
  const words = text.normalize('NFC').split(/\s+/).filter(Boolean);
  const longest = words.reduce((a, b) => (b.length > a.length ? b : a), '');
  return { lookUp: spellings(longest), words: words.map(spellings) };
}
