/** One round both ways: both sides write the same few rows at the same time, under every policy; then quiet, and both must be equal. */
import { conflictsOn, oddRows } from './evidence.js';
import type { Field, Stop } from './field.js';
import { judgeBothWays } from './judge.js';
import { dropEverywhere, keepReplay, lastOn, randomOf, recover, type RoundOptions, type Wrong } from './round.js';
import { Sender } from './sender.js';
import { createTwoWay, rules, stopTable, twoWaySteps, twoWayTables } from './two-way-tables.js';

const sides = ['a', 'b'] as const;

export async function twoWayRound(field: Field, options: RoundOptions): Promise<Wrong[]> {
  const { n, statements, counts, log, mysql } = options;
  const [name, database] = [`both ways, round ${n}`, `both_${n}`];
  const random = randomOf(options);
  const stopping = random.chance(0.25);
  const tables = twoWayTables(random, { stop: stopping, mysql });
  const made = createTwoWay(tables);
  for (const side of sides) await field.rows(side, `CREATE DATABASE ${database}; USE ${database}; ${made.join('; ')}`);
  const senders = sides.map((side) => new Sender(field.stack.connection(side), database, counts));
  const wrong: Wrong[] = [];
  const tell = async (what: string): Promise<void> => {
    const sent = senders.flatMap((sender, index) =>
      sender.sent.map(({ step, ...rest }) => ({ ...rest, step: { ...step, kind: `side ${sides[index]}: ${step.kind}` } })),
    );
    const file = await keepReplay(name, [what], { database, made, sent });
    log(`${name}: ${what}\n  everything that was sent: ${file}`);
    wrong.push({ round: name, what, file });
  };
  try {
    let clock = 0;
    const chosen = tables.filter((table) => options.tables?.includes(table.name) ?? true);
    await Promise.all(
      senders.map(async (sender, index) => {
        const own = randomOf(options, index + 1);
        const writer = { side: sides[index] ?? 'a', random: own, tables: chosen, next: () => 2 * ++clock + index };
        while (sender.sent.length < statements / 2) for (const step of twoWaySteps(writer)) await sender.send(step);
      }),
    );
    const stop = await quietAfterPolicies(field, stopping, counts);
    if (stop) {
      await tell(`stopped\n  ${stop.app} of ${stop.pipeline}: ${stop.code}: ${stop.message}`);
      await recover(field, 'both', stop);
      return wrong;
    }
    const { findings, rows, tables: compared } = await judgeBothWays(field, database);
    counts.outcome('rounds both ways, compared');
    counts.outcome('tables compared', compared);
    counts.outcome('rows compared', rows);
    for (const { table, what } of findings) {
      const definition = made.find((sql) => sql.includes(`\`${table}\``));
      const last = senders.flatMap((sender, index) =>
        lastOn(`\`${table}\``, sender.sent, 5).map((line) => `  side ${sides[index]}${line}`),
      );
      const of = { database, table };
      const shown = [...(await oddRows(field, sides, of)), ...(await conflictsOn(field, sides, of))];
      await tell([`${table}: ${what}`, definition, ...shown, ...last].join('\n'));
    }
    return wrong;
  } finally {
    for (const sender of senders) sender.close();
    await field.rows('a', `DELETE FROM lutra.conflict WHERE database_name = '${database}'`);
    await dropEverywhere(field, [database]);
  }
}

/**
 * A conflict in the table without a policy stops both pipelines: then, as docs/04-conflicts.md says, another policy decides for a moment.
 */
async function quietAfterPolicies(field: Field, stopping: boolean, counts: RoundOptions['counts']): Promise<Stop | undefined> {
  const stop = await field.quiet('both');
  if (!stop || !stopping || stop.code !== 'ROW_CONFLICT' || !stop.message.includes(stopTable)) return stop;
  counts.outcome('named stop: a conflict under policy stop');
  const home = field.stack.regions.a;
  const probe = { schema: 'both_probe', policy: 'home' };
  const all = { home, rules: [...rules, { schema: 'both_*', table: stopTable, policy: 'home' }, probe] };
  await field.change('channels/both', { conflicts: all });
  await field.stack.api.channelAction('both', 'retry');
  await field.runs('both');
  const again = await field.quiet('both');
  await field.change('channels/both', { conflicts: { home, rules: [...rules, probe] } });
  await field.runs('both');
  return again;
}
