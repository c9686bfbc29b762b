/** Steps of online tools, as a target meets them: what was kept of them there is read, and their end is told. Decision 0034, rule 19. */
import { shadowKindOf, tableName } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { isThere, readKept, wasLeftOutSince } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';
import { changedTables } from './changed-tables.js';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { isAway, keptStatement, openShadows } from './kept-statements.js';
import type { KeptStatement, OpenShadow } from './kept-statements.js';
import type { Mapping } from './map-statement.js';
import { apartRouter, onlineChangeOf } from './online-change.js';
import type { OnlineChange } from './online-change.js';
import { byHand, entered, redefinition } from './redefinition.js';
import { isMariadb } from './server-facts.js';

export interface OnlineOptions extends Mapping {
  readonly pipeline: string;
}

export type OnlinePlan = DdlPlan | DdlRefusal | 'shadows';

/** Else there is nothing to be asked. Pure. */
export function mayBeOfTool(record: DdlRecord, router: Mapping['router']): boolean {
  return /^(?:CREATE|DROP) TABLE$/.test(record.statement) || onlineChangeOf(record, apartRouter(router)) !== null;
}

/** Null: it is no step of a tool, or one that runs here as at the source. @throws SyncError CHECKPOINT_INVALID, TARGET_* */
export async function onlinePlan(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<OnlinePlan | null> {
  const change = onlineChangeOf(record, options.router);
  if (change) return changePlan(queries, record, { ...options, change });
  const asApart = onlineChangeOf(record, apartRouter(options.router));
  if (asApart) return (await isElsewhere(queries, record, options)) ? changePlan(queries, record, { ...options, change: asApart }) : null;
  return record.statement === 'CREATE TABLE' ? madeAnew(queries, record, options) : null;
}

/** A shadow that is carried takes the place of its table. Null: the record does something else. Pure. */
export function swapOf(record: DdlRecord, router: Mapping['router']): Extract<OnlineChange, { does: 'redefine' }> | null {
  if (!/^(?:RENAME|ALTER) TABLE$/.test(record.statement)) return null;
  const change = onlineChangeOf(record, apartRouter(router, ['implied', 'travels']));
  return change?.does === 'redefine' && router(change.by) !== null ? change : null;
}

/**
 * Counter-example for running it: the table is suspended while its shadow is filled. It comes back by a seed, which brings the rows of the
 * table alone; then a shadow without those takes its place. Null: it has all of them. @throws SyncError TARGET_*
 */
export async function lacksRows(queries: Queries, record: DdlRecord, { router, pipeline }: OnlineOptions): Promise<DdlRefusal | null> {
  const swap = swapOf(record, router);
  const shadow = swap && router(swap.by);
  if (!shadow || !(await wasLeftOutSince(queries, { pipeline, table: swap.table, shadow }))) return null;
  const [table, by] = [tableName(swap.table), tableName(swap.by)];
  return byHand(
    `an online tool has put ${by} in the place of ${table} at the source. The ${tableName(shadow)} that is here may lack rows: since it was made, ${table} was suspended or seeded. Alter the table here instead`,
  );
}

/** In the place of a table that has left. Counter-example for taking it as met: it is empty there, and has its rows here. */
async function madeAnew(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<DdlRefusal | null> {
  for (const table of changedTables(record)) {
    const kept = await keptOf(queries, table, options);
    if (isAway(kept, table) && openIn(kept, table).some((one) => options.router.shadow(one.table) === 'apart')) return gone(table);
  }
  return null;
}

type Changed = OnlineOptions & { readonly change: OnlineChange };

async function changePlan(queries: Queries, record: DdlRecord, { change, ...options }: Changed): Promise<OnlinePlan> {
  switch (change.does) {
    case 'nothing':
      return 'shadows';
    case 'leave':
      return (await openFor(queries, change.table, options)).length > 0 ? 'shadows' : gone(change.table);
    case 'redefine':
      return redefinition(record, change, await keptOf(queries, change.by, options), options);
    case 'enter':
      return entered(`${tableName(change.by)}, a table of an online tool, has become ${tableName(change.table)}`);
  }
}

/**
 * Shadows go with a table that is routed by its name, and here they are not: their tool began before the table was routed, or this target
 * runs no such statement.
 */
async function isElsewhere(queries: Queries, record: DdlRecord, { router }: OnlineOptions): Promise<boolean> {
  if (record.flavor === 'mariadb' || (await isMariadb(queries))) return true;
  if (/^(?:CREATE|DROP) TABLE$/.test(record.statement)) return false;
  for (const { role, database, name } of changedTables(record)) {
    const table = { database, name };
    const target = role !== 'to' && router.shadow(table) === 'implied' ? router(table) : null;
    if (target && !(await isThere(queries, target))) return true;
  }
  return false;
}

/** A table is dropped while it has a shadow: is that its end, or will the shadow take its place? Null: it has none. */
export async function droppedAmid(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<DdlPlan['held'] | null> {
  if (record.statement !== 'DROP TABLE') return null;
  for (const table of changedTables(record).filter((one) => options.router(one) !== null)) {
    const open = await openFor(queries, table, options);
    const shadow = open.find((one) => options.router.shadow(one.table) === 'apart');
    if (shadow) return { reason: 'online-change', message: dropText(table, shadow) };
  }
  return null;
}

function dropText(table: TableName, shadow: OpenShadow): string {
  const [name, other] = [tableName(table), tableName(shadow.table)];
  return `${name} was dropped at the source, where an online tool has made ${other} for it. If that takes the place of ${name} (pt-online-schema-change --alter-foreign-keys-method=drop_swap), answer "skip": the rename comes next. If ${name} is to be gone, answer "run"`;
}

function gone(table: TableName): DdlRefusal {
  const message = `${tableName(table)} has got the name that an online tool gives to a table that it replaces, and the table that should take its place does not. Its rows at the target stay. Do there what is meant, and answer "done"; or "skip"`;
  return { reason: 'online-change', message, ways: ['done', 'skip'] };
}

async function openFor(queries: Queries, table: TableName, options: OnlineOptions): Promise<readonly OpenShadow[]> {
  return openIn(await keptOf(queries, table, options), table);
}

function openIn(kept: readonly KeptStatement[], of: TableName): readonly OpenShadow[] {
  return openShadows(kept).filter(({ table: { database, name } }) => database === of.database && shadowKindOf(name, of.name) === 'shadow');
}

/** A name that is cut has the beginning of its table's: so many letters, and those of what a tool puts before and behind. */
const beginning = 40;

async function keptOf(queries: Queries, { name }: TableName, { pipeline }: OnlineOptions): Promise<readonly KeptStatement[]> {
  const texts = await readKept(queries, pipeline, JSON.stringify(name.slice(0, beginning)).slice(1, -1));
  return texts.flatMap((text) => keptStatement(text) ?? []);
}
