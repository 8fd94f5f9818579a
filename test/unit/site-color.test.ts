/** Any color that a site may choose can be read on the pages. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accentCss, contrast } from '../../src/site-color.ts';

const valuesOf = (css: string) => {
  const values: Record<string, { light: string; dark: string }> = {};
  for (const [, name = '', light = '', dark] of css.matchAll(
    /--([\w-]+): (?:light-dark\()?(#[0-9a-f]{6})(?:, (#[0-9a-f]{6})\))?;/g,
  )) {
    values[name] = { light, dark: dark ?? light };
  }
  return values;
};
const theme = valuesOf(readFileSync('assets/static/theme.css', 'utf8'));
const value = (values: typeof theme, name: string, scheme: 'light' | 'dark') => values[name]?.[scheme] ?? '';

/** Text and what it stands on. */
const PAIRS: [text: string, back: string][] = [
  ['on-accent', 'accent'],
  ...['accent', 'link'].flatMap((text) =>
    ['page', 'surface', 'hover', 'info-back'].map((back): [string, string] => [text, back]),
  ),
];
const unreadable = (values: typeof theme, pairs: typeof PAIRS) =>
  pairs.flatMap(([text, back]) =>
    (['light', 'dark'] as const)
      .filter((scheme) => contrast(value(values, text, scheme), value(values, back, scheme)) < 4.5)
      .map((scheme) => `${text} on ${back}, ${scheme}`),
  );

describe('the theme', () => {
  it('has readable text', () => {
    const others = ['text', 'dim', 'good', 'bad', 'info', 'danger'].flatMap((text) =>
      ['page', 'surface'].map((back): [string, string] => [text, back]),
    );
    const notes = ['good', 'bad', 'info'].map((kind): [string, string] => [kind, `${kind}-back`]);
    expect(
      unreadable(theme, [
        ...PAIRS,
        ...others,
        ...notes,
        ['on-danger', 'danger'],
        ['bar-text', 'bar'],
        ['bar-dim', 'bar'],
      ]),
    ).toEqual([]);
  });

  it('has the right measure of contrast', () => {
    expect(contrast('#000000', '#ffffff')).toBe(21);
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });
});

describe('a color of a site', () => {
  it('is kept if text on it is readable', () => {
    expect(accentCss('#1f5fbf')).toContain('--accent: light-dark(#1f5fbf, ');
    expect(accentCss('#ffd400')).toContain(', #ffd400);');
  });

  it('is made readable in both schemes, whatever it is', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffff }), (number) => {
        const own = valuesOf(accentCss(`#${number.toString(16).padStart(6, '0')}`));
        expect(unreadable({ ...theme, ...own }, [...PAIRS, ['bar-accent', 'bar']])).toEqual([]);
      }),
    ));
});
