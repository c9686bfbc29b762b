/** pt-online-schema-change: triggers of the table write to its shadow whatever anybody writes to the table, while the rows are copied. */
import { names } from './online-tool.js';
import type { Player, Steps } from './player.js';

export function ptOscSteps(player: Player): Steps {
  const { variant = 'usual', alter, table, database } = player.change;
  const [shadow, old] = [names['pt-osc'].shadowOf(table), names['pt-osc'].oldOf(table)];
  const triggers = ['del', 'upd', 'ins'].map((event) => `\`pt_osc_${database}_${table}_${event}\``);
  return {
    begin: async () => {
      const [shown] = await player.run(`SHOW CREATE TABLE ${player.full()}`);
      await player.run(String(shown?.['Create Table']).replace(/^CREATE TABLE `[^\n]*` \(/, `CREATE TABLE ${player.full(shadow)} (`));
      await player.run(`ALTER TABLE ${player.full(shadow)} ${alter}`);
      const bodies = triggerBodies(player, shadow, await player.sharedColumns(shadow));
      const [, server] = /@(.*)$/.exec(String((await player.run('SELECT CURRENT_USER() AS user'))[0]?.['user'])) ?? [];
      for (const [index, { event, body }] of bodies.entries())
        await player.run(
          `CREATE DEFINER=\`root\`@\`${server}\` TRIGGER ${triggers[index]} AFTER ${event} ON ${player.full()} FOR EACH ROW ${body}`,
        );
      await player.copyInto(shadow);
    },
    finish: async () => {
      if (variant !== 'no-swap') {
        await player.run(`ANALYZE TABLE ${player.full(shadow)} /* pt-online-schema-change */`);
        await player.run(`RENAME TABLE ${player.full()} TO ${player.full(old)}, ${player.full(shadow)} TO ${player.full()}`);
        if (variant !== 'keep-old') await player.run(`DROP TABLE IF EXISTS ${player.full(old)}`);
      }
      for (const trigger of triggers) await player.run(`DROP TRIGGER IF EXISTS \`${database}\`.${trigger}`);
    },
  };
}

interface TriggerBody {
  readonly event: 'DELETE' | 'UPDATE' | 'INSERT';
  readonly body: string;
}

function triggerBodies(player: Player, shadow: string, columns: readonly string[]): readonly TriggerBody[] {
  const there = player.full(shadow);
  const replace = `REPLACE INTO ${there} (${columns.join(', ')}) VALUES (${columns.map((column) => `NEW.${column}`).join(', ')})`;
  const moved = `DELETE IGNORE FROM ${there} WHERE !(OLD.\`id\` <=> NEW.\`id\`) AND ${there}.\`id\` <=> OLD.\`id\``;
  return [
    { event: 'DELETE', body: `DELETE IGNORE FROM ${there} WHERE ${there}.\`id\` <=> OLD.\`id\`` },
    { event: 'UPDATE', body: `BEGIN ${moved};${replace};END` },
    { event: 'INSERT', body: replace },
  ];
}
