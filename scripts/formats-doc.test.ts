/**
 * docs/formats.md names whatever Lutra keeps: each field of a record, each header, each folder in ZooKeeper with the fields of its nodes,
 * each column of `lutra.*`, each type of event. What is added without a word there fails here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { eventSchema, headerNames, levelSchema, omissionsSchema, recordKinds, treeRevisionSchema } from '@lutra/model';
import { desiredSchema, omissionSchema, preparedSchema, restartOrderSchema, sealedSecretSchema } from '@lutra/model';
import { seededTableSchema, seedOrderSchema, seedProgressSchema } from '@lutra/model';
import { verificationOrderSchema, verificationResultSchema, verifiedTableSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { backupSchema } from '../libs/registry/src/backup.js';
import { historySchema } from '../libs/registry/src/history.js';
import { orderFolders, persistentFolders } from '../libs/registry/src/paths.js';
import { positionBackupSchema } from '../libs/registry/src/position-backups.js';
import { skipSchema } from '../libs/registry/src/skips.js';
import { uidSchema } from '../libs/registry/src/uids.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const page = read('docs/formats.md');

/** What is below the heading that begins so, up to the next one of its rank or a higher one. */
function section(begin: string): string {
  const lines = page.split('\n');
  const rankOf = (line: string): number => /^#+(?= )/.exec(line)?.[0].length ?? Infinity;
  const at = lines.findIndex((line) => rankOf(line) < Infinity && line.replace(/^#+ /, '').startsWith(begin));
  const rank = rankOf(lines[at] ?? '');
  const below = lines.slice(at + 1);
  const end = below.findIndex((line) => rankOf(line) <= rank);
  return at < 0 ? '' : below.slice(0, end < 0 ? undefined : end).join('\n');
}

/** Those that do not stand in it as code, by themselves or in a shape: `{log, seq}`. */
function missing(text: string, all: readonly string[]): readonly string[] {
  const named = new Set((text.match(/`[^`\n]+`/g) ?? []).flatMap((code) => code.match(/[\w-]+/g) ?? []));
  return all.filter((name) => !named.has(name));
}

interface AvroType {
  readonly type?: unknown;
  readonly fields?: readonly (AvroType & { readonly name: string })[];
  readonly items?: unknown;
  readonly values?: unknown;
}

/** Of a schema, at any depth. */
function fieldsOf(schema: unknown): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf);
  if (typeof schema !== 'object' || schema === null) return [];
  const { type, fields = [], items, values } = schema as AvroType;
  return [...fields.flatMap((field) => [field.name, ...fieldsOf(field.type)]), ...[type, items, values].flatMap(fieldsOf)];
}

describe('docs/formats.md: records', () => {
  const controls = section('Control records');

  /** The rows of one kind: it stands in the first of them. */
  function rowsOf(kind: string): string {
    const lines = controls.split('\n');
    const from = lines.findIndex((line) => line.startsWith(`| \`${kind}\` |`));
    const more = lines.slice(from + 1).findIndex((line) => !line.startsWith('| |'));
    return from < 0 ? '' : lines.slice(from, from + 1 + more).join('\n');
  }

  it.each(readdirSync(new URL('../schemas', import.meta.url)).filter((file) => file.endsWith('.avsc')))('%s', (file) => {
    const schema = JSON.parse(read(`schemas/${file}`)) as Required<AvroType>;
    const isRow = file === 'envelope.avsc';
    const own = isRow ? section('`row`') : `${rowsOf(file.replace('.avsc', ''))}\n\`endpoint\` \`ts_ms\``;
    const top = schema.fields.map(({ name }) => name);
    expect(missing(own, top)).toEqual([]);
    expect(missing(isRow ? own : controls, fieldsOf(schema))).toEqual([]);
  });

  it('headers and kinds', () => {
    expect(missing(section('Headers'), [...Object.values(headerNames), ...recordKinds])).toEqual([]);
  });

  it('events, each with its version', () => {
    const types = eventSchema.options.map(({ shape }) => shape.type.value);
    const text = section('Events: `lutra.events`');
    expect(types.filter((type) => !text.includes(`| \`${type}\` | 1 |`))).toEqual([]);
  });
});

it('docs/formats.md: columns of the tables of lutra', () => {
  const tables = [...read('schemas/lutra.sql').matchAll(/^CREATE TABLE IF NOT EXISTS (lutra\.\w+) \(\n([^]*?)^\)/gm)];
  expect(tables.length).toBeGreaterThan(4);
  const lacking = tables.map(([, table = '', body = '']) => {
    const columns = [...body.matchAll(/^ {2}([a-z]\w*) +[A-Z]/gm)].map(([, column = '']) => column);
    expect(columns.length, table).toBeGreaterThan(1);
    return [table, ...missing(section(`\`${table}\``), columns)];
  });
  expect(lacking.filter(([, ...columns]) => columns.length > 0)).toEqual([]);
});

describe('docs/formats.md: ZooKeeper', () => {
  const tree = /```\n\/lutra\n([^]*?)```/.exec(section('ZooKeeper'))?.[1] ?? '';

  it('each folder', () => {
    const inPaths = [...read('libs/registry/src/paths.ts').matchAll(/\$\{this\.#root\}\/([a-z-]+(?:\/[a-z-]+)?)/g)].map(
      ([, path = '']) => path,
    );
    const folders = new Set([...persistentFolders, ...orderFolders, ...inPaths]);
    expect(folders.size).toBeGreaterThan(15);
    expect([...folders].filter((folder) => !new RegExp(`^ {2}${folder}[/ ]`, 'm').test(tree))).toEqual([]);
  });

  it.each<[string, z.ZodObject]>([
    ['Level', levelSchema],
    ['Position backups', positionBackupSchema],
    ['Uids', uidSchema],
    ['Desired state', desiredSchema],
    ['Revision', treeRevisionSchema],
    ['History', historySchema],
    ['Skip orders', skipSchema],
    ['Prepared servers', preparedSchema],
    ['Omissions', omissionsSchema],
    ['Omissions', omissionSchema],
    ['Restart orders', restartOrderSchema],
    ['Orders of seeding', seedOrderSchema],
    ['Orders of seeding', seedProgressSchema],
    ['Orders of seeding', seededTableSchema],
    ['Verifications', verificationOrderSchema],
    ['Verifications', verificationResultSchema],
    ['Verifications', verifiedTableSchema],
    ['Sealed secrets', sealedSecretSchema.options[0]],
    ['The backup file', backupSchema],
  ])('the fields of: %s', (heading, schema) => {
    expect(missing(section(heading), Object.keys(schema.shape))).toEqual([]);
  });
});
