/**
 * What of a document is written: all that differs from a default. A default is filled in when a document is read, never stored. The naive
 * way stores what validation gives. Counter-example: a later build adds a field with a default, one edit of anything writes it into the
 * document, and every older process refuses that document although nobody has used the field.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { SyncError } from './errors.js';

/** Fields that a later level added. */
const levelsOfFields = z.registry<{ readonly level: number }>();

/** Marks a field as one of that level: below it a document cannot have it. It is optional, or has a default. */
export function since<T extends z.ZodType>(level: number, field: T): T {
  levelsOfFields.add(field, { level });
  return field;
}

export interface Storing {
  /** For messages: `channel shop`. */
  readonly what: string;
  /** Of the cluster. */
  readonly level: number;
}

/** @throws SyncError CONFIG_INVALID: a field is used that the cluster's level does not have */
export function storedDocument<T>(schema: z.ZodType<T>, document: T, storing: Storing): unknown {
  return stored(schema, document, { ...storing, path: [] });
}

interface At extends Storing {
  readonly path: readonly (string | number)[];
}

/** undefined: nothing, it is the default. */
function stored(schema: z.ZodType, value: unknown, at: At): unknown {
  if (value === undefined) return undefined;
  const written = withoutDefaults(schema, value, at);
  const { level = 0 } = levelsOfFields.get(schema) ?? {};
  if (written === undefined || level <= at.level) return written;
  const what = `${at.what}: ${at.path.join('.')}: a field of level ${level}, and the cluster is at level ${at.level}`;
  throw new SyncError('CONFIG_INVALID', `${what}: raise it first (docs/02-setup.md, Upgrading)`);
}

function withoutDefaults(schema: z.ZodType, value: unknown, at: At): unknown {
  if (schema instanceof z.ZodDefault) {
    const { innerType, defaultValue } = schema.def;
    return isDeepStrictEqual(value, defaultValue) ? undefined : stored(innerType as z.ZodType, value, at);
  }
  if (schema instanceof z.ZodPrefault) {
    const inner = schema.def.innerType as z.ZodType;
    return isDeepStrictEqual(value, inner.parse(schema.def.defaultValue)) ? undefined : stored(inner, value, at);
  }
  if (schema instanceof z.ZodOptional) return stored(schema.def.innerType as z.ZodType, value, at);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((element, index) => stored(schema.def.element as z.ZodType, element, { ...at, path: [...at.path, index] }));
  if (schema instanceof z.ZodUnion) return stored(optionFor(schema, value), value, at);
  if (schema instanceof z.ZodObject && typeof value === 'object' && value !== null) return storedFields(schema, value, at);
  return value;
}

function storedFields(schema: z.ZodObject, value: object, at: At): Record<string, unknown> {
  const fields = Object.entries(value).map(([name, field]) => {
    const of = schema.shape[name] as z.ZodType | undefined;
    return [name, of ? stored(of, field, { ...at, path: [...at.path, name] }) : field] as const;
  });
  return Object.fromEntries(fields.filter(([, field]) => field !== undefined));
}

function optionFor(schema: z.ZodUnion, value: unknown): z.ZodType {
  const options = schema.def.options as readonly z.ZodType[];
  return options.find((option) => option.safeParse(value).success) ?? z.unknown();
}
