/**
 * gh-ost: its shadow gets the rows, and what others have changed since, until it has the table alone. It reads the changes in the binlog;
 * here they are found by comparing.
 */
import { names } from './online-tool.js';
import type { Player, Steps } from './player.js';

export function ghOstSteps(player: Player): Steps {
  const { variant = 'usual', alter, table } = player.change;
  const isRevert = variant === 'revert';
  const old = names['gh-ost'].oldOf(table);
  const shadow = isRevert ? old : names['gh-ost'].shadowOf(table);
  const aside = isRevert ? `_${table}_rev_del` : old;
  const [beats, notes] = [`_${table}_ghc`, `_${table}_ghk`];
  const noted = variant === 'revertible' || isRevert;
  return {
    begin: async () => {
      for (const name of isRevert ? [] : [shadow, aside]) await drop(player, name);
      await drop(player, beats);
      await player.run(`create /* gh-ost */ table ${player.full(beats)} ${beatColumns}`);
      if (isRevert) return beat(player, beats, 1);
      await player.run(`create /* gh-ost */ table ${player.full(shadow)} like ${player.full()}`);
      await player.run(`alter /* gh-ost */ table ${player.full(shadow)} ${alter}`);
      await keepCounting(player, shadow);
      await beat(player, beats, 1);
      if (noted) await drop(player, notes);
      if (noted) await player.run(`create /* gh-ost */ table ${player.full(notes)} ${noteColumns}`);
      await player.copyInto(shadow);
    },
    finish: async () => {
      await beat(player, beats, 2);
      await catchUp(player, shadow);
      if (variant === 'two-step') await swapInTwoSteps(player, shadow, aside);
      else await swap(player, shadow, aside);
      if (variant === 'revertible') await player.run(`INSERT INTO ${player.full(notes)} (gh_ost_is_cutover) VALUES (1)`);
      await drop(player, beats);
      for (const name of variant === 'keep-old' || variant === 'revertible' ? [] : [aside, notes]) await drop(player, name);
    },
  };
}

async function swap(player: Player, shadow: string, aside: string): Promise<void> {
  const sentry = '( id int auto_increment primary key ) engine=InnoDB';
  await player.run(`create /* gh-ost */ table ${player.full(aside)} ${sentry} comment='ghost-cut-over-sentry'`);
  await player.run(`LOCK TABLES ${locks(player, shadow)}, ${player.full(aside)} WRITE`);
  await catchUp(player, shadow);
  await drop(player, aside);
  await player.run(`rename /* gh-ost */ table ${player.full()} to ${player.full(aside)}, ${player.full(shadow)} to ${player.full()}`);
  await player.run('UNLOCK TABLES');
}

/** In between there is no table of the name. */
async function swapInTwoSteps(player: Player, shadow: string, aside: string): Promise<void> {
  await player.run(`LOCK TABLES ${locks(player, shadow)}`);
  await catchUp(player, shadow);
  await player.run(`alter /* gh-ost */ table ${player.full()} rename \`${aside}\``);
  await player.run('UNLOCK TABLES');
  await player.run(`alter /* gh-ost */ table ${player.full(shadow)} rename \`${player.table}\``);
}

/** The shadow twice: it is compared while it is written. */
function locks(player: Player, shadow: string): string {
  return `${player.full()} WRITE, ${player.full(shadow)} WRITE, ${player.full(shadow)} AS s READ`;
}

/** Once while others write, and again when nobody does. */
async function catchUp(player: Player, shadow: string): Promise<void> {
  const columns = await player.sharedColumns(shadow);
  const [table, other, all] = [player.full(), player.full(shadow), columns.join(', ')];
  const here = columns.map((column) => `${table}.${column}`);
  const differs = columns.map((column) => `NOT (${table}.${column} <=> s.${column})`).join(' OR ');
  await player.run(
    `REPLACE INTO ${other} (${all}) SELECT ${here.join(', ')} FROM ${table} LEFT JOIN ${other} AS s ON s.id = ${table}.id WHERE ${differs}`,
  );
  await player.run(`DELETE ${other} FROM ${other} LEFT JOIN ${table} ON ${table}.id = ${other}.id WHERE ${table}.id IS NULL`);
}

/** A table that counts goes on where the other one is. */
async function keepCounting(player: Player, shadow: string): Promise<void> {
  const [shown] = await player.run(`SHOW CREATE TABLE ${player.full()}`);
  const [, next] = / AUTO_INCREMENT=(\d+)/.exec(String(shown?.['Create Table'])) ?? [];
  if (next !== undefined) await player.run(`alter /* gh-ost */ table ${player.full(shadow)} AUTO_INCREMENT=${next}`);
}

async function drop(player: Player, table: string): Promise<void> {
  await player.run(`drop /* gh-ost */ table if exists ${player.full(table)}`);
}

async function beat(player: Player, table: string, n: number): Promise<void> {
  await player.run(
    `insert /* gh-ost */ into ${player.full(table)} (hint, value) values ('heartbeat', '${n}') on duplicate key update value = '${n}'`,
  );
}

const beatColumns =
  '( id bigint unsigned auto_increment, last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, ' +
  'hint varchar(64) charset ascii not null, value varchar(4096) charset ascii not null, primary key(id), unique key hint_uidx(hint) ) ' +
  "auto_increment=256 comment='gh-ost changelog'";
const noteColumns =
  '( `gh_ost_chk_id` bigint auto_increment primary key, `gh_ost_chk_timestamp` bigint, `gh_ost_chk_coords` text charset ascii, ' +
  '`gh_ost_chk_iteration` bigint, `gh_ost_rows_copied` bigint, `gh_ost_dml_applied` bigint, ' +
  "`gh_ost_is_cutover` tinyint(1) DEFAULT '0', `id_min` bigint, `id_max` bigint )";
