import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TableSchema } from '@lutra/model';
import { columnsAndRows } from '../test/columns.js';
import { tableOf } from '../test/samples.js';
import { isRecord, parseAvro } from './avro-schema.js';
import { malformed } from '@lutra/rows';
import { tableToAvro } from './index.js';
import { recordIn } from './record-fields.js';
import { tableOf as tableOfRecord } from './table-schema.js';

const invalid = expect.objectContaining({ code: 'RECORD_INVALID' });

/** As the decoder reads a schema. */
function avroToTable(valueJson: string): TableSchema {
  const envelope = parseAvro(valueJson);
  if (!isRecord(envelope)) throw malformed('the schema is no envelope');
  return tableOfRecord(recordIn(envelope, 'before'));
}

describe('tableToAvro', () => {
  it('is undone by avroToTable, whatever the columns and names', () => {
    const names = fc.string({ unit: 'binary', minLength: 1 });
    fc.assert(
      fc.property(columnsAndRows, names, names, ({ columns }, database, name) => {
        const primaryKey = columns.slice(0, 2).map((column) => column.name);
        const table: TableSchema = { database, name, columns, primaryKey };
        const { valueJson, keyJson } = tableToAvro(table, 'hz-1');
        expect(avroToTable(valueJson)).toStrictEqual(table);
        avsc.Type.forSchema(JSON.parse(valueJson));
        avsc.Type.forSchema(JSON.parse(keyJson!));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('a column that is called as every object’s prototype is', () => {
    const columns = ['__proto__', 'name', 'constructor'].map((name) => ({ name, type: 'tinyint' }) as const);
    const table: TableSchema = { database: 'd', name: 't', columns, primaryKey: ['__proto__'] };
    const { valueJson, keyJson } = tableToAvro(table, 'hz-1');
    expect(avroToTable(valueJson)).toStrictEqual(table);
    for (const text of [valueJson, keyJson!]) avsc.Type.forSchema(JSON.parse(text));
  });

  it('gives the same text for the same table, however it was put together', () => {
    const table = tableOf([{ name: 'd', type: 'decimal', precision: 10, scale: 2, unsigned: true }], ['d']);
    const other: TableSchema = {
      primaryKey: ['d'],
      columns: [{ unsigned: true, scale: 2, precision: 10, type: 'decimal', name: 'd', charset: undefined }],
      name: 'orders',
      database: 'shop',
    };
    expect(tableToAvro(other, 'a')).toEqual(tableToAvro(table, 'a'));
  });

  it('tells tables apart that differ in nothing but the scale of a decimal, a length, a value or a key', () => {
    const decimal = { name: 'd', type: 'decimal', precision: 10, scale: 2 } as const;
    const text = { name: 't', type: 'varchar', length: 10, charset: 'utf8mb4' } as const;
    const list = { name: 'e', type: 'enum', values: ['a', 'b'] } as const;
    const tables: TableSchema[] = [
      tableOf([decimal, text, list]),
      tableOf([{ ...decimal, scale: 3 }, text, list]),
      tableOf([{ ...decimal, unsigned: true }, text, list]),
      tableOf([decimal, { ...text, length: 11 }, list]),
      tableOf([decimal, { ...text, charset: 'latin1' }, list]),
      tableOf([decimal, text, { ...list, values: ['b', 'a'] }]),
      tableOf([decimal, text, list], ['d']),
      tableOf([decimal, list, text]),
    ];
    expect(new Set(tables.map((table) => tableToAvro(table, 'a').valueJson)).size).toBe(tables.length);
  });

  it('gives names that sanitise alike elsewhere names of their own', () => {
    const table = tableOf(['a-b', 'a_b', 'a.b', 'A_B', 'a_x2d_b'].map((name) => ({ name, type: 'int' as const })));
    const { fields } = JSON.parse(tableToAvro(table, 'a').valueJson).fields[0].type[1];
    expect(fields.map((field: { name: string }) => field.name)).toEqual(['a_x2d_b', 'a_b', 'a_x2e_b', 'A_B', 'a_x5f_x2d_b']);
  });

  it('carries the names that Debezium has', () => {
    const { valueJson } = tableToAvro(tableOf([{ name: 'id', type: 'int' }]), 'hz');
    const schema = JSON.parse(valueJson);
    expect(schema['connect.name']).toBe('lutra.hz.shop.orders.Envelope');
    expect(schema.fields.map((field: { name: string }) => field.name)).toEqual(['before', 'after', 'source', 'transaction', 'op', 'ts_ms']);
    const types = Object.fromEntries(schema.fields.map((field: { name: string; type: unknown }) => [field.name, field.type]));
    expect(types.before[1]['connect.name']).toBe('lutra.hz.shop.orders.Value');
    expect(types.source['connect.name']).toBe('io.debezium.connector.mysql.Source');
    expect(types.transaction[1]['connect.name']).toBe('event.block');
  });

  it('says what an ENUM or SET may be as Debezium does', () => {
    const columns = [
      { name: 'e', type: 'enum', values: ['a', 'b,c', String.raw`d\e`] },
      { name: 's', type: 'set', values: ['old', 'tall'] },
    ] as const;
    const { fields } = JSON.parse(tableToAvro(tableOf(columns), 'a').valueJson).fields[0].type[1];
    const types = fields.map((field: { type: readonly object[] }) => field.type[1]);
    expect(types).toMatchObject([
      { 'connect.name': 'io.debezium.data.Enum', 'connect.parameters': { allowed: String.raw`a,b\,c,d\\e` } },
      { 'connect.name': 'io.debezium.data.EnumSet', 'connect.parameters': { allowed: 'old,tall' } },
    ]);
  });

  it.each([
    ['a key column that is not there', tableOf([{ name: 'id', type: 'int' }], ['no'])],
    [
      'two columns of one name',
      tableOf([
        { name: 'id', type: 'int' },
        { name: 'id', type: 'int' },
      ]),
    ],
    ['a decimal without scale', tableOf([{ name: 'd', type: 'decimal' }])],
    ['a bit column without length', tableOf([{ name: 'b', type: 'bit' }])],
  ])('refuses %s', (_, table) => {
    expect(() => tableToAvro(table, 'a')).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('avroToTable', () => {
  const table = tableOf(
    [
      { name: 'a-b', type: 'int' },
      { name: 'n', type: 'varchar', length: 10 },
    ],
    ['a-b'],
  );
  const { valueJson } = tableToAvro(table, 'hz');

  it('reads the schema as other registries give it back: other order, full names', () => {
    const reversed = (value: unknown): unknown =>
      typeof value !== 'object' || value === null || Array.isArray(value)
        ? Array.isArray(value)
          ? value.map(reversed)
          : value
        : Object.fromEntries(
            Object.entries(value)
              .toReversed()
              .map(([key, item]) => [key, reversed(item)]),
          );
    const other = JSON.stringify(reversed(JSON.parse(valueJson))).replace('"null","Value"', '"null","lutra.hz.shop.orders.Value"');
    expect(avroToTable(other)).toStrictEqual(table);
  });

  it.each([
    ['no JSON', 'x'],
    ['no record', '"string"'],
    ["another writer's envelope", valueJson.replaceAll('lutra.database', 'other.database')],
    ["another writer's column", valueJson.replaceAll('lutra.type', 'other.type')],
    ['a column type that we do not know', valueJson.replace('"lutra.type":"int"', '"lutra.type":"geometry"')],
    ['an Avro type that is not the column type', valueJson.replace('"lutra.type":"int"', '"lutra.type":"varchar"')],
    ['a length that is no number', valueJson.replace('"lutra.length":10', '"lutra.length":"10"')],
    ['a name that nothing defines', valueJson.replace('"null","Value"', '"null","Nothing"')],
    ['an envelope without before', valueJson.replace('"name":"before"', '"name":"earlier"')],
  ])('refuses %s', (_, json) => {
    expect(json === valueJson).toBe(false);
    expect(() => avroToTable(json)).toThrow(invalid);
  });
});
