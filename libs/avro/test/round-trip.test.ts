/** What capture encodes is what the loader decodes: values, events, headers, control records. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkPurposes, type ControlRecord, headerNames, type LogRecord, type Row, type RowEvent, type SeedPhase } from '@lutra/model';
import { seedPhases, type TableSchema, type Value } from '@lutra/model';
import { canonicalJson, fingerprint } from '../src/canonical-json.js';
import { fromHeaders } from '../src/headers.js';
import { RecordDecoder, tableToAvro } from '../src/index.js';
import { cases, columnsAndRows, everyType } from './columns.js';
import { codec, eventOf, header, MemoryIds, raw, rowOf, tableOf } from './samples.js';

async function through(table: TableSchema, event: RowEvent): Promise<{ table: TableSchema; event: RowEvent }> {
  const { encoder, decoder } = codec();
  const prepared = await encoder.prepare(table);
  const { body } = await decoder.decode(raw(prepared.encode(header, event)));
  if (body.kind !== 'row') throw new Error('not a row');
  return body;
}

function valuesOf(table: TableSchema, row: Row | null): Value[] {
  if (row === null) throw new Error('no image');
  expect(Object.keys(row).toSorted()).toEqual(table.columns.map((column) => column.name).toSorted());
  return table.columns.map((column) => row[column.name]!);
}

describe('columns', () => {
  it('every type has a case', () => {
    expect(new Set(cases.map(([column]) => column.type))).toEqual(new Set(everyType));
  });

  it.each(cases)('%j: values at the edges come back as they were', async (column, values) => {
    const table = tableOf([{ name: 'v', ...column }]);
    for (const value of [null, ...values]) {
      const { event } = await through(table, eventOf(table, { before: rowOf([['v', value]]), after: rowOf([['v', value]]) }));
      expect(valuesOf(table, event.before)).toStrictEqual([value]);
      expect(valuesOf(table, event.after)).toStrictEqual([value]);
    }
  });

  it('any table and any rows come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(columnsAndRows, async ({ columns, rows }) => {
        const table = tableOf(columns);
        const { encoder, decoder } = codec();
        const prepared = await encoder.prepare(table);
        const encoded = rows.map((values) => {
          const image = rowOf(values.map((value, index) => [columns[index]!.name, value]));
          return prepared.encode(header, eventOf(table, { before: null, after: image }));
        });
        for (const [index, record] of encoded.entries()) {
          const { body } = await decoder.decode(raw(record));
          if (body.kind !== 'row') throw new Error('not a row');
          expect(body.table).toStrictEqual(table);
          expect(valuesOf(table, body.event.after)).toStrictEqual(rows[index]);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it('there is no negative zero among decimals, as in the server', async () => {
    const table = tableOf([{ name: 'd', type: 'decimal', precision: 10, scale: 2 }]);
    const { event } = await through(table, eventOf(table, { before: null, after: rowOf([['d', '-0.00']]) }));
    expect(event.after).toEqual({ d: '0.00' });
  });

  it('a Buffer of a decoded row does not hold the fetched batch', async () => {
    const table = tableOf([{ name: 'b', type: 'blob' }]);
    const { encoder, decoder } = codec();
    const record = (await encoder.prepare(table)).encode(
      header,
      eventOf(table, { before: null, after: rowOf([['b', Buffer.from('abc')]]) }),
    );
    const { body } = await decoder.decode(raw(record));
    record.value.fill(0);
    expect(body.kind === 'row' && body.event.after).toEqual({ b: Buffer.from('abc') });
  });
});

describe('events', () => {
  const table = tableOf([{ name: 'id', type: 'int' }], ['id']);
  const row = rowOf([['id', 1]]);

  it('all of source and transaction come back', async () => {
    const event = eventOf(table, { before: null, after: row });
    expect((await through(table, event)).event).toEqual(event);
  });

  it('what may be missing comes back as missing', async () => {
    const full = eventOf(table, { before: row, after: null });
    const event: RowEvent = {
      ...full,
      source: { ...full.source, gtid: null, path: [], connector: 'mariadb', tsMs: 0, tsUs: 0 },
      transaction: { ...full.transaction, last: false, seen: {}, end: null },
    };
    expect((await through(table, event)).event).toEqual(event);
  });

  it('rows that follow each other keep their differences', async () => {
    const { encoder, decoder } = codec();
    const prepared = await encoder.prepare(table);
    const base = eventOf(table, { before: null, after: row });
    const variations: RowEvent[] = [
      base,
      { ...base, source: { ...base.source, row: 4 } },
      { ...base, source: { ...base.source, row: 4, pos: 5 } },
      { ...base, source: { ...base.source, gtid: null } },
      { ...base, source: { ...base.source, gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:24' } },
      { ...base, source: { ...base.source, gtid: '3e11fa47-71ca-11e1-9e33-c80aa9429562:2' } },
      { ...base, source: { ...base.source, path: ['hangzhou'] } },
      { ...base, op: 'r', transaction: { ...base.transaction, seen: { california: { log: 'cafe', seq: 1 } } } },
      { ...base, transaction: { ...base.transaction, seen: {} } },
      base,
    ];
    const records = variations.map((event) => prepared.encode(header, event));
    for (const [index, record] of records.entries()) {
      const { body } = await decoder.decode(raw(record));
      expect(body).toEqual({ kind: 'row', table, event: variations[index] });
    }
  });

  it('records stay as they are while later ones are written', async () => {
    const blob = tableOf([{ name: 'b', type: 'blob' }]);
    const { encoder } = codec();
    const prepared = await encoder.prepare(blob);
    const records = Array.from({ length: 300 }, (_, size) =>
      prepared.encode(header, eventOf(blob, { before: null, after: rowOf([['b', Buffer.alloc(size * 50, size)]]) })),
    );
    const copies = records.map((record) => Buffer.from(record.value));
    for (let i = 0; i < 300; i++) prepared.encode(header, eventOf(blob, { before: null, after: rowOf([['b', Buffer.alloc(5000, 1)]]) }));
    records.forEach((record, index) => expect(record.value.equals(copies[index]!)).toBe(true));
  });

  it('decoding is synchronous once the schema is known, and rows of one schema share their table', async () => {
    const { encoder, decoder } = codec();
    const record = (await encoder.prepare(table)).encode(header, eventOf(table, { before: null, after: row }));
    const first = decoder.decode(raw(record));
    const second = decoder.decode(raw(record));
    expect(first).toBeInstanceOf(Promise);
    expect(second).toBeInstanceOf(Promise);
    const third = (await first, decoder.decode(raw(record)) as LogRecord);
    expect(third).toMatchObject({ offset: 77, header });
    const tables = [await first, await second, third].map(({ body }) => (body.kind === 'row' ? body.table : null));
    expect(tables[1]).toBe(tables[0]);
    expect(tables[2]).toBe(tables[0]);
  });

  it('a table version is registered once, under the name of its record', async () => {
    const { encoder, ids } = codec();
    const first = await encoder.prepare(table);
    expect(await encoder.prepare(table)).toBe(first);
    expect(await encoder.prepare(structuredClone(table))).toBe(first);
    expect(ids.subjects).toEqual(['lutra.hz-1.rows-lutra.hz_x2d_1.shop.orders.Envelope', 'lutra.hz-1.rows-lutra.hz_x2d_1.shop.orders.Key']);
    const wider = { ...table, columns: [...table.columns, { name: 'n', type: 'int' as const }] };
    expect(await encoder.prepare(wider)).not.toBe(first);
  });

  it('a registration that failed is tried again', async () => {
    class Flaky extends MemoryIds {
      down = true;
      override register(subject: string, json: string): Promise<number> {
        return this.down ? Promise.reject(new Error('down')) : super.register(subject, json);
      }
    }
    const ids = new Flaky();
    const { RecordEncoder } = await import('../src/index.js');
    const encoder = new RecordEncoder({ topic: 't', endpoint: 'e', ids });
    await expect(encoder.prepare(table)).rejects.toThrow('down');
    ids.down = false;
    const record = (await encoder.prepare(table)).encode(header, eventOf(table, { before: null, after: row }));
    expect((await new RecordDecoder({ ids }).decode(raw(record))).body.kind).toBe('row');
  });

  it('the key is of the after image, or of the before image of a delete; a table without key has none', async () => {
    const { encoder } = codec();
    const prepared = await encoder.prepare(table);
    const two = rowOf([['id', 2]]);
    const keyOf = (before: Row | null, after: Row | null) =>
      prepared.encode(header, eventOf(table, { before, after })).key?.toString('hex');
    expect(keyOf(null, row)).toBe('000102030102');
    expect(keyOf(row, two)).toBe('000102030104');
    expect(keyOf(two, null)).toBe('000102030104');
    const bare = tableOf(table.columns);
    expect((await encoder.prepare(bare)).encode(header, eventOf(bare, { before: null, after: row })).key).toBeNull();
  });
});

describe('headers', () => {
  it('come back, and name the schema by its fingerprint', async () => {
    const table = tableOf([{ name: 'id', type: 'int' }]);
    const { encoder } = codec();
    const { headers } = (await encoder.prepare(table)).encode(header, eventOf(table, { before: null, after: rowOf([['id', 1]]) }));
    expect(fromHeaders(headers)).toEqual(header);
    expect(headers).toEqual({
      [headerNames.kind]: 'row',
      [headerNames.log]: header.log,
      [headerNames.seq]: '41',
      [headerNames.epoch]: '7',
      [headerNames.schema]: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const { createHash } = await import('node:crypto');
    const whole = createHash('sha256').update(tableToAvro(table, 'hz-1').valueJson).digest('hex');
    expect(whole.startsWith(headers[headerNames.schema]!)).toBe(true);
  });
});

describe('control records', () => {
  const position = { file: 'binlog.000001', pos: 4, gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-23', fileCreated: 1764400000 };
  const ofTable = { endpoint: 'hz-1', pipelines: ['abcdefgh2345'], database: 'shop', table: 'straße', tsMs: 1 };
  const records: ControlRecord[] = [
    { kind: 'epoch', endpoint: 'hz-1', leader: 'host:1', tsMs: 1_715_000_001_000 },
    {
      kind: 'heartbeat',
      endpoint: 'hz-1',
      position,
      seen: { california: { log: 'cafe', seq: 0 } },
      resolutions: 0,
      publishedThrough: null,
      tsMs: 1,
    },
    {
      kind: 'heartbeat',
      endpoint: 'hz-1',
      position: { ...position, gtidSet: null, fileCreated: undefined },
      seen: {},
      resolutions: 2,
      publishedThrough: 'binlog.000001:4',
      tsMs: 1,
    },
    {
      kind: 'routes',
      endpoint: 'hz-1',
      tables: ['shop.*', 'a`b'],
      pipelines: { abcdefgh2345: '0123456789abcdef' },
      names: { abcdefgh2345: 'ab.there' },
      revision: 7,
      write: 'aaaaaaaaaaaa',
      server: null,
      tsMs: 1,
    },
    { kind: 'routes', endpoint: 'hz-1', tables: [], pipelines: {}, names: {}, revision: 7, write: 'aaaaaaaaaaaa', server: null, tsMs: 1 },
    {
      kind: 'ddl',
      endpoint: 'hz-1',
      id: '3e11fa47-71ca-11e1-9e33-c80aa9429562:23/create',
      database: 'shop',
      sql: `ALTER TABLE straße ADD ${'ü'.repeat(5000)} INT`,
      statement: 'ALTER TABLE',
      tables: [
        { database: 'shop', name: 'straße', role: 'subject', offset: 12, length: 6 },
        { database: 'shop', name: '*', role: 'mentioned', offset: -1, length: 0 },
      ],
      doubt: null,
      compatible: true,
      modifies: [{ column: 'c', type: 'varchar(200)', nullable: true }],
      clauses: [{ action: 'add', what: 'column', name: 'ü'.repeat(5000) }],
      session: {
        sqlMode: '18446744073709551615',
        foreignKeyChecks: false,
        uniqueChecks: true,
        timestampUs: 1_800_000_000_123_456,
        timeZone: 'Europe/Berlin',
        explicitDefaultsForTimestamp: true,
        collationConnection: 255,
        collationServer: 2304,
        collationDatabase: null,
        defaultCollationForUtf8mb4: null,
        sqlRequirePrimaryKey: false,
        defaultTableEncryption: null,
      },
      flavor: 'mysql',
      version: '9.7.4',
      origin: 'hangzhou',
      path: ['hangzhou', 'california'],
      seen: { california: { log: 'cafe', seq: 3 } },
      position,
      tsMs: 1,
    },
    { kind: 'restart', endpoint: 'hz-1', id: 'x', position, seen: { california: { log: 'cafe', seq: 3 } }, reason: 'ü', tsMs: 1 },
    { kind: 'watermark', endpoint: 'hz-1', pipeline: 'shop.a-to-b', token: 'cafe-1', tsMs: 1 },
    {
      kind: 'resolution',
      endpoint: 'hz-1',
      pipeline: 'shop.a-to-b',
      channel: 'shop',
      database: 'shop',
      table: 'orders',
      key: { id: 2n ** 63n },
      row: { id: 2n ** 63n, zero: -0, bytes: Buffer.from([0, 255]), text: 'ü', nothing: null, price: '1.50' },
      seen: { california: { log: 'cafe', seq: 3 } },
      tsMs: 1,
    },
    {
      kind: 'resolution',
      endpoint: 'hz-1',
      pipeline: 'p',
      channel: 'shop',
      database: 'shop',
      table: 'orders',
      key: { id: 1 },
      row: null,
      seen: {},
      tsMs: 1,
    },
    ...seedPhases.map((phase): ControlRecord => ({
      ...ofTable,
      kind: 'seed',
      request: 'c0ffee',
      phase,
      definition: phase === 'begin' ? 'CREATE TABLE `orders` (\n  `id` int NOT NULL\n)' : null,
      ends:
        phase === 'begin'
          ? [
              { id: 2n ** 63n, code: 'ü' },
              { id: 7, code: '' },
            ]
          : [],
      onExisting: 'source',
    })),
    ...chunkPurposes.map((purpose): ControlRecord => ({
      ...ofTable,
      kind: 'chunk',
      id: 'c0ffee-7',
      purpose,
      request: purpose === 'resync' ? '' : 'c0ffee',
      part: purpose === 'seed' ? { part: 3, from: { id: 2n ** 63n, code: 'ü' }, to: null } : null,
      keys: purpose === 'seed' ? [] : [{ id: 1 }, { id: 2n ** 63n, code: Buffer.from([0, 255]) }],
      rows: 2,
      seen: { california: { log: 'cafe', seq: 3 } },
    })),
    {
      ...ofTable,
      kind: 'chunk',
      id: 'x',
      purpose: 'seed',
      request: 'c',
      part: { part: 0, from: null, to: { id: 9 } },
      keys: [],
      rows: 0,
      seen: {},
    },
  ];

  it('a word of a later level in a known field is refused by name', async () => {
    const { encoder, decoder } = codec();
    const record = {
      ...ofTable,
      kind: 'seed',
      request: 'c',
      phase: 'later' as SeedPhase,
      definition: null,
      ends: [],
      onExisting: 'stop',
    } as const;
    const encoded = await encoder.encodeControl({ ...header, kind: 'seed' }, record);
    await expect(decoder.decode(raw(encoded))).rejects.toMatchObject({
      code: 'LEVEL_TOO_NEW',
      message: expect.stringContaining('phase: "later"'),
    });
  });

  it.each(records)('$kind comes back', async (record) => {
    const { encoder, decoder, ids } = codec();
    const controlHeader = { ...header, kind: record.kind, ...(record.kind === 'epoch' ? { log: '', seq: -1 } : {}) };
    const encoded = await encoder.encodeControl(controlHeader, record);
    expect(encoded.key).toBeNull();
    expect(await decoder.decode(raw(encoded))).toEqual({ offset: 77, header: controlHeader, body: record });
    await encoder.encodeControl(controlHeader, record);
    expect(ids.subjects).toHaveLength(1);
    expect(ids.subjects[0]).toMatch(/^lutra\.hz-1\.rows-lutra\.control\.[A-Z][a-z]+$/);
  });

  it('a routes record that was written before it named pipelines, a revision and a server is read', async () => {
    const { encoder, decoder, ids } = codec();
    const record = {
      kind: 'routes',
      endpoint: 'e',
      tables: [],
      pipelines: {},
      names: {},
      revision: 0,
      write: '',
      server: null,
      tsMs: 1,
    } as const;
    const { headers } = await encoder.encodeControl({ ...header, kind: 'routes' }, record);
    const fields = [
      { name: 'endpoint', type: 'string' },
      { name: 'tables', type: { type: 'array', items: 'string' } },
      { name: 'ts_ms', type: 'long' },
    ];
    const before = canonicalJson({ type: 'record', name: 'Routes', namespace: 'lutra.control', fields });
    const value = Buffer.from([0, 0, 0, 0, 0, 2, 0x65, 0, 2]);
    value.writeUInt32BE(await ids.register('before', before), 1);
    const written = { key: null, value, headers: { ...headers, [headerNames.schema]: fingerprint(before) } };
    expect((await decoder.decode(raw(written))).body).toEqual(record);
  });
});
