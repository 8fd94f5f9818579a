import { describe, expect, it } from 'vitest';
import { insertStatements, literal, statements, withValues } from '../../scripts/lib/sql.ts';

describe('a literal', () => {
  it.each([
    [null, 'NULL'],
    [true, '1'],
    [false, '0'],
    [0, '0'],
    [-1_700_000_000, '-1700000000'],
    ['', "''"],
    ["O'Brien", "'O''Brien'"],
    ["'", "''''"],
    ["'); DROP TABLE users; --", "'''); DROP TABLE users; --'"],
    ['back\\slash', "'back\\slash'"],
    ['"double" `tick` [bracket] ? :name $1', '\'"double" `tick` [bracket] ? :name $1\''],
    ['한글 é 😀', "'한글 é 😀'"],
  ])('of %j is %s', (value, sql) => {
    expect(literal(value)).toBe(sql);
  });

  it.each([
    ['a NUL', 'a\0b'],
    ['a lone surrogate', '\ud800'],
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['an unsafe integer', 2 ** 53],
  ])('of %s is refused, and the error does not say what it was', (_, value) => {
    expect(() => literal(value)).toThrow(TypeError);
    expect(() => literal(value)).not.toThrow(String(value));
  });
});

describe('what Drizzle wrote', () => {
  it('gets its values in order, and keeps a question mark in quotes', () => {
    const written = { toSQL: () => ({ sql: `a "b?" = ? AND c = 'd''?' AND e = ?`, params: ["O'?", 7] }) };
    expect(withValues(written)).toBe(`a "b?" = 'O''?' AND c = 'd''?' AND e = 7`);
  });
});

describe('statements', () => {
  it('are none without items', () => {
    expect(statements('IN (', [], ')')).toEqual([]);
    expect(insertStatements('t', ['a'], [])).toEqual([]);
  });

  it('are one if everything fits', () => {
    expect(statements('IN (', ['1', '2', '3'], ')')).toEqual(['IN (1,2,3)']);
  });

  it('keep every item, its order and the limit in bytes', () => {
    const items = Array.from({ length: 1_000 }, (_, i) => `'한${i}'`);
    const all = statements('IN (', items, ')', 500);
    expect(all.length).toBeGreaterThan(10);
    for (const sql of all) expect(new TextEncoder().encode(sql).length).toBeLessThanOrEqual(500);
    expect(all.flatMap((sql) => sql.slice('IN ('.length, -1).split(','))).toEqual(items);
  });

  it('refuse an item that does not fit', () => {
    expect(() => statements('IN (', ['1', 'x'.repeat(600)], ')', 500)).toThrow(TypeError);
  });

  it('insert rows and skip what is taken', () => {
    expect(
      insertStatements(
        't',
        ['a', 'b'],
        [
          [1, "x'y"],
          [null, true],
        ],
      ),
    ).toEqual(["INSERT INTO t (a, b) VALUES (1,'x''y'),(NULL,1) ON CONFLICT DO NOTHING"]);
  });
});
