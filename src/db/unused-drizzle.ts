/**
 * Replaces modules that Drizzle imports and this Worker does not use (`[alias]` in wrangler.toml): PostgreSQL's enums, and
 * relational queries, which need a schema in `drizzle()`. Makes the bundle 2.5 KiB smaller (gzip).
 */

const unused = (): never => {
  throw new Error('Relational queries are not in the bundle: see src/db/unused-drizzle.ts');
};

// pg-core/columns/enum.js
export const isPgEnum = (): false => false;

// relations.js and sqlite-core/query-builders/query.js
export class RelationalQueryBuilder {}
export class One {}
export class Many {}
export {
  unused as createTableRelationsHelpers,
  unused as extractTablesRelationalConfig,
  unused as getOperators,
  unused as getOrderByOperators,
  unused as normalizeRelation,
};
