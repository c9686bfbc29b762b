/** Ten million rows of every column type, through bytes and through objects: the same SQL. `ROWS=100000` for fewer. */
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import { StatementBuilder } from '@lutra/mysql';
import { expect, it } from 'vitest';
import { cases } from '../../../../libs/avro/test/columns.js';
import { changeOf } from '../assemble/changes.js';
import { eventOf, targetOf } from './random-rows.fixture.js';

const total = Number(process.env['ROWS'] ?? 10_000_000);
const rowsOfText = 1000;
const under = { session: null, flags: 0 };

/** Numbers that seem random, the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const next = numbers(7);
const letters = ['a', "'", '\\', '\0', 'é', '漢', '😀', ' ', '"', '%'];
const text = (): string => Array.from({ length: next(12) }, () => letters[next(letters.length)]).join('');

const columns: readonly ColumnSchema[] = cases.map(([column], i) => ({ name: `c${i}`, ...column }));
const table: TableSchema = { database: 'shop', name: 't', primaryKey: ['id'], columns: [{ name: 'id', type: 'int' }, ...columns] };

function valueOf(i: number): Value {
  const [{ type, unsigned }, known] = cases[i] as (typeof cases)[number];
  const few = known.filter((value) => !((typeof value === 'string' || Buffer.isBuffer(value)) && value.length > 1000));
  switch (next(8)) {
    case 0:
      return null;
    case 1:
      if (type === 'bigint') return BigInt(next(2 ** 31)) * BigInt(unsigned === true ? next(2 ** 31) : next(2 ** 31) - 2 ** 30);
      if (type === 'double') return (next(2 ** 31) - 2 ** 30) / 10 ** next(12);
      if (type === 'varchar' || type === 'text' || type === 'char') return text();
      if (type === 'json') return JSON.stringify({ [text()]: [text(), next(1000) / 100, next(2 ** 31) * next(2 ** 31)] });
      if (type === 'blob') return Buffer.from(text());
      return few[next(few.length)] ?? null;
    default:
      return few[next(few.length)] ?? null;
  }
}

const rowOf = (id: number): Row => ({ id, ...Object.fromEntries(columns.map(({ name }, i) => [name, valueOf(i)])) });

it('ten million rows become the same SQL', async () => {
  const schemas: string[] = [];
  const ids = { register: async (_: string, schema: string) => schemas.push(schema), byId: async (id: number) => schemas[id - 1] ?? null };
  const encoder = await new RecordEncoder({ topic: 't', endpoint: 'a', ids }).prepare(table);
  const decoders = [new RecordDecoder({ ids }), new RecordDecoder({ ids, later: true })] as const;
  const builders = [new StatementBuilder(), new StatementBuilder()] as const;
  const target = targetOf({ table, rows: [] });
  let before = rowOf(0);
  let compared = 0;
  for (let id = 1; id <= total; id++) {
    const after = rowOf(id);
    const images = [
      { op: 'c', before: null, after },
      { op: 'u', before, after },
      { op: 'd', before, after: null },
    ] as const;
    const { value, headers } = encoder.encode(
      { kind: 'row', log: 'l', seq: id, epoch: 1 },
      eventOf(table, images[next(3)] as (typeof images)[number]),
    );
    for (const [i, decoder] of decoders.entries()) {
      const { body } = await decoder.decode({ offset: id, key: null, value, headers });
      if (body.kind === 'row') builders[i]?.add(changeOf(body.event, { source: body.table, target, under }));
    }
    before = after;
    if (id % rowsOfText !== 0 && id !== total) continue;
    const [byObjects, byBytes] = builders.map((builder) => builder.take().sql);
    if (byObjects !== byBytes) expect(byBytes).toBe(byObjects);
    compared = id;
  }
  expect(compared).toBe(total);
}, 3_600_000);
