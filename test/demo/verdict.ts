/** Is everything equal, did nothing go round, was no transaction ever seen half? What the demo says at its end. */
import {
  compareDatabases,
  type Difference,
  differencesFromWritten,
  readTopic,
  shopDatabase,
  type Side,
  sides,
  type Stack,
  type Totals,
  type TransferReport,
} from '../harness/index.js';

export interface Verdict {
  readonly good: boolean;
  readonly lines: readonly string[];
}

export interface Evidence {
  readonly totals: Readonly<Record<Side, Totals>>;
  readonly sums: Readonly<Record<Side, TransferReport>>;
}

export async function reachVerdict(stack: Stack, { totals, sums }: Evidence): Promise<Verdict> {
  const comparison = await compareDatabases({ a: stack.connection('a'), b: stack.connection('b'), databases: [shopDatabase] });
  const topics = await Promise.all(sides.map((side) => readTopic(stack, side)));
  const strays = sides.flatMap((side, index) => {
    const topic = topics[index];
    return topic ? [...topic.holes.map((hole) => `${topic.topic}: ${hole}`), ...differencesFromWritten(topic, [totals[side]])] : [];
  });
  const wrong = sides.flatMap((side) => sums[side].wrong.map((sum) => `${stack.regions[side]}: the balances summed up to ${sum}`));
  const { tables, rows, differences, differing } = comparison;
  const published = topics.reduce((sum, topic) => sum + Object.values(topic.tables).reduce((all, { c, u, d }) => all + c + u + d, 0), 0);
  const equal =
    differing === 0
      ? `equal: ${tables} tables, ${count(rows)} rows`
      : `NOT EQUAL: ${count(differing)} differences in ${tables} tables, ${count(rows)} rows`;
  const rounds =
    strays.length === 0
      ? `loops: 0 (the topics hold ${count(published)} row events, all of them written by their own side's writers)`
      : 'LOOPS OR HOLES:';
  const reads = sums.a.reads + sums.b.reads;
  const half = wrong.length === 0 ? `half transactions seen: 0 in ${count(reads)} reads` : `HALF TRANSACTIONS SEEN:`;
  return {
    good: differing === 0 && strays.length === 0 && wrong.length === 0,
    lines: [half, ...wrong.slice(0, 5), rounds, ...strays.slice(0, 20), equal, ...differences.slice(0, 20).map(describe)],
  };
}

function describe({ table, kind, key, columns }: Difference): string {
  return `  ${table}${key ? ` ${key}` : ''}: ${kind}${columns.length > 0 ? ` in ${columns.join(', ')}` : ''}`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
