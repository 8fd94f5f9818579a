import { describe, expect, it } from 'vitest';
import * as languages from '../../src/languages/index.ts';

const { LANGUAGES, ...areas } = languages;

/** Every sentence of a tree, by its path. */
const sentencesOf = (tree: unknown, path = ''): [string, string][] =>
  typeof tree === 'string'
    ? [[path, tree]]
    : Object.entries(tree as object).flatMap(([key, branch]) => sentencesOf(branch, `${path}.${key}`));
const blanksOf = (sentence = '') => (sentence.match(/\{\w+\}/g) ?? []).sort();

describe.each(Object.entries(areas))('%s', (_, area) => {
  const english = sentencesOf(area.en);

  it('are in every language', () => {
    expect(Object.keys(area).sort()).toEqual([...LANGUAGES].sort());
    expect(english.length).toBeGreaterThan(0);
  });

  it.each(LANGUAGES)('are complete in %s, with the same placeholders', (language) => {
    const told = new Map(sentencesOf(area[language]));
    expect([...told.keys()].sort()).toEqual(english.map(([path]) => path).sort());
    for (const [path, sentence] of english) {
      const here = told.get(path) ?? '';
      expect([path, blanksOf(here)]).toEqual([path, blanksOf(sentence)]);
      expect(here).toBe(here.trim().normalize('NFC'));
      expect(here).not.toBe('');
    }
  });

  it('are Korean in Korean, and nowhere else', () => {
    for (const [path, sentence] of english)
      expect([path, sentence]).not.toEqual([path, expect.stringMatching(/[가-힣]/)]);
    for (const [path, sentence] of sentencesOf(area.ko)) {
      expect([path, sentence]).toEqual([path, expect.stringMatching(/[가-힣]/)]);
    }
  });
});
