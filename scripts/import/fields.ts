/** Maps the fields of a record to ours: `--map` first, then the defaults of the source. Pure. */
import { ScriptFault } from '../lib/fault.ts';
import { isEmpty, isObject } from './values.ts';

export const TARGETS = [
  'id',
  'email',
  'username',
  'name',
  'first_name',
  'last_name',
  'password',
  'is_active',
  'is_staff',
  'email_verified',
  'date_joined',
  'last_login',
  /** True, or any time: the account is disabled. */
  'disabled',
  /** A time in the future: the account is disabled. */
  'disabled_until',
] as const;
export type Target = (typeof TARGETS)[number];

/** The first of several fields that is not empty counts. `a.b`: the member b of the object a. */
export type FieldMap = Readonly<Partial<Record<Target, readonly string[]>>>;
export type Fields = Record<string, unknown>;

const isTarget = (name: string): name is Target => (TARGETS as readonly string[]).includes(name);

/** `TARGET=SOURCE,TARGET=SOURCE`. Throws a ScriptFault. */
export function parseMap(text: string): FieldMap {
  const pairs = text.split(',').map((pair) => {
    const [target = '', source = '', ...more] = pair.split('=').map((part) => part.trim());
    if (source === '' || more.length > 0) throw new ScriptFault(`--map takes TARGET=SOURCE, not “${pair}”`);
    if (!isTarget(target)) {
      throw new ScriptFault(`--map: unknown target “${target}”. The targets are: ${TARGETS.join(', ')}`);
    }
    return [target, source] as const;
  });
  const twice = pairs.find(([target], i) => pairs.some(([other], j) => j < i && other === target));
  if (twice) throw new ScriptFault(`--map names ${twice[0]} twice`);
  return Object.fromEntries(pairs.map(([target, source]) => [target, [source]]));
}

/** The fields that `--map` names, then the source's own. */
export const mapped = (defaults: FieldMap, map: FieldMap): FieldMap => {
  if (Object.keys(map).length === 0) return defaults;
  const both = TARGETS.map((target) => [target, [...(map[target] ?? []), ...(defaults[target] ?? [])]]);
  return Object.fromEntries(both);
};

export interface Picked {
  values: Readonly<Partial<Record<Target, unknown>>>;
  /** The names of the fields that belong to a target. */
  used: ReadonlySet<string>;
}

export function pick(fields: Fields, map: FieldMap): Picked {
  const values: Partial<Record<Target, unknown>> = {};
  const used = new Set<string>();
  for (const target of TARGETS) {
    for (const path of map[target] ?? []) {
      const { value, name } = at(fields, path);
      if (name === null) continue;
      used.add(name);
      if (isEmpty(values[target])) values[target] = value;
    }
  }
  return { values, used };
}

/** Reads a field by its full name or by a dotted path; `name` is the top-level field, null if there is none. */
function at(fields: Fields, path: string): { value: unknown; name: string | null } {
  if (Object.hasOwn(fields, path)) return { value: fields[path], name: path };
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0 || !Object.hasOwn(fields, name)) return { value: undefined, name: null };
  let value = fields[name];
  for (const key of rest) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return { value, name };
}
