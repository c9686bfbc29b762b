import * as fc from 'fast-check';
import type { ColumnSchema, Value } from '@lutra/model';
import { opaqueMark, printedJson, signMark } from '@lutra/rows';
import { expect, test } from 'vitest';
import { column, sourceTable, targetTable } from './changes.fixture.js';
import { planRows, sameRows, sameRowsBeside, samenessOf, toRow, toRowBeside } from './row-plan.js';
import { differing, StatementBuilder } from './statement-builder.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

const kibibyte = 1024;
/** So that they are staged. */
const size = 530 * kibibyte;
const repeated = (item: string, size: number): string =>
  `[${Array.from({ length: Math.ceil(size / item.length) }, () => item).join(', ')}]`;

const some = 20 * kibibyte;
/** Makes a document large. */
const filler = `"${'x'.repeat(size)}"`;

const documents: Readonly<Record<string, string>> = {
  doubles: `[${repeated('1.2345678901234567', some)}, ${filler}]`,
  'decimals, and large strings': `{"a": ${repeated(`${opaqueMark}  12.50`, some)}, "b": "${'\\"'.repeat(size)}", "c": ${repeated('"ü😀\'"', some)}}`,
  'a large key': `{"${"'".repeat(60 * kibibyte)}": ${opaqueMark}1.5, "v": "${'😀'.repeat(size / 2)}"}`,
  'whole numbers of the other kind': `[${repeated(`${signMark}7`, some)}, ${filler}]`,
  'bytes and dates': `[${repeated(`${opaqueMark}"base64:type15:${'/wD/'.repeat(1000)}", ${opaqueMark}"2024-01-01"`, some)}, ${filler}]`,
  plain: `"${'a\\\\'.repeat(size)}"`,
};

interface Columns {
  readonly source: ColumnSchema;
  readonly target: Partial<TargetColumn>;
}

/** Once as it is, once in the source's session, whose literals are others. */
function tablesOf({ source, target }: Columns): readonly { source: ReturnType<typeof sourceTable>; target: TargetTable }[] {
  const from = sourceTable([{ name: 'id', type: 'int' }, source]);
  const to = [column('id', { nullable: false }), column('v', target)];
  return [targetTable(to), { ...targetTable(to), triggers: 1, firingTriggers: ['t'] }].map((table) => ({ source: from, target: table }));
}

function built(builder: StatementBuilder): unknown {
  const { sql, marks, staged = [] } = builder.take();
  const names = new Map(staged.map(({ variable }, i) => [variable, `@v${i}`]));
  const named = (text: string): string => text.replaceAll(/@lutra_value_\d+/g, (name) => names.get(name) ?? name);
  // As one text each: two Buffers would be compared byte by byte.
  const values = staged.map(({ variable, value, ...rest }) => ({
    ...rest,
    variable: named(variable),
    value: Buffer.isBuffer(value) ? value.toString('latin1') : value,
  }));
  return { sql: named(sql), marks, values };
}

async function isSameStatement(columns: Columns, value: Value): Promise<void> {
  for (const table of tablesOf(columns)) {
    const change = { op: 'c', before: null, after: { id: 1, v: value }, ...table } as const;
    const [ready, plain] = [new StatementBuilder(), new StatementBuilder()];
    await ready.prepare(change);
    ready.add(change);
    // Nothing was made ready for another object.
    plain.add({ ...change, after: { ...change.after } });
    expect(built(ready)).toEqual(built(plain));
  }
}

const json: Columns = { source: { name: 'v', type: 'json' }, target: { type: 'json', columnType: 'json' } };
const jsonAsText: Columns = { source: json.source, target: { type: 'text', columnType: 'longtext', charset: 'utf8mb4' } };

test.each(Object.entries(documents))('a large document is the same statement, made beside: %s', async (_, document) => {
  await isSameStatement(json, document);
  await isSameStatement(jsonAsText, document);
});

test.each([
  ['utf8mb4', "😀'\\"],
  ['gbk', '你'],
  ['sjis', '\\~ｱ'],
  ['latin1', '\u0093é'],
  ['ucs2', '語'],
])('a large text of %s is, too', async (charset, unit) => {
  const text = unit.repeat(size / unit.length);
  for (const target of ['utf8mb4', charset])
    await isSameStatement(
      { source: { name: 'v', type: 'text', charset }, target: { type: 'text', columnType: 'longtext', charset: target } },
      text,
    );
});

test('what has no literal is refused as it is without', async () => {
  const [table] = tablesOf(json) as [ReturnType<typeof tablesOf>[number]];
  const document = `[${opaqueMark}"base64:type249:${'AAAA'.repeat(size)}"]`;
  const refused = new StatementBuilder().prepare({ op: 'c', before: null, after: { id: 1, v: document }, ...table });
  await expect(refused).rejects.toMatchObject({
    code: 'VALUE_UNSUPPORTED',
    details: { type: 'json' },
    message: expect.stringMatching(/\.v \(json\)/),
  });
});

test('an ordinary row waits for nothing', () => {
  const [table] = tablesOf(json) as [ReturnType<typeof tablesOf>[number]];
  expect(new StatementBuilder().prepare({ op: 'c', before: null, after: { id: 1, v: '[1.5]' }, ...table })).toBeNull();
});

test('large documents that are stored as the same are the same beside, and no others', async () => {
  const [table] = tablesOf(json) as [ReturnType<typeof tablesOf>[number]];
  const plan = planRows(table.source, table.target);
  const wide = documents['decimals, and large strings'] as string;
  const others = [wide, printedJson(wide), printedJson(wide).replaceAll('12.50', '12.5'), wide.replace('12.50', '12.51'), `${wide} `];
  for (const v of others) {
    const row = { id: 1, v };
    const same = sameRows(plan, row, { id: 1, v: wide });
    expect(await sameRowsBeside(plan, row, { id: 1, v: wide })).toBe(same);
    expect((await samenessOf(plan, [row, { id: 1, v: wide }, null]))('v', wide, v)).toBe(same);
    const builder = new StatementBuilder({ exact: true });
    builder.add({ op: 'd', before: { id: 1, v: wide }, after: null, ...table });
    const results = [
      { rows: [{ c0: 1, c1: v }], matched: 0 },
      { rows: [], matched: 1 },
    ];
    expect(await differing(builder.take(), results)).toEqual(same ? [] : [0]);
  }
});

test('a large document that was read has its types', async () => {
  const [table] = tablesOf(json) as [ReturnType<typeof tablesOf>[number]];
  const plan = planRows(table.source, table.target);
  const count = size / 8;
  const found = {
    c0: 1,
    c1: `[${'1.5, '.repeat(count)}2]`,
    t0: null,
    t1: JSON.stringify([['ARRAY', ...Array.from({ length: count }, () => 'DECIMAL'), 'INTEGER'], null]),
  };
  expect(await toRowBeside(plan, found)).toEqual(toRow(plan, found));
});

test('random documents: the same statement', { timeout: 60_000 }, async () => {
  const leaf = fc.oneof(
    fc
      .string({ unit: 'binary' })
      .filter((text) => text.isWellFormed())
      .map((text) => JSON.stringify(text)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom('null', 'true', `${opaqueMark}1.50`, `${opaqueMark}"2024-01-01"`, `${signMark}7`),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(leaf, { maxLength: 20 }), fc.nat(20), async (leaves, at) => {
      await isSameStatement(json, `[${leaves.toSpliced(at, 0, filler).join(', ')}]`);
    }),
    { numRuns: 4 },
  );
});
