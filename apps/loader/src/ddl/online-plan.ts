/** Steps of online tools, as a target meets them: what was kept of them there is read, and what has ended is told. Decision 0034, rule 19. */
import { shadowKindOf, tableName } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { isThere, readKept } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';
import { changedTables } from './changed-tables.js';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { keptStatement, openShadows } from './kept-statements.js';
import type { KeptStatement, OpenShadow } from './kept-statements.js';
import type { Mapping } from './map-statement.js';
import { onlineChangeOf } from './online-change.js';
import { entered, redefinition } from './redefinition.js';

export interface OnlineOptions extends Mapping {
  readonly pipeline: string;
}

type OnlinePlan = DdlPlan | DdlRefusal | 'shadows';

/** Null: it is no step of a tool, or one that runs here as at the source. @throws SyncError CHECKPOINT_INVALID, TARGET_* */
export async function onlinePlan(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<OnlinePlan | null> {
  const change = onlineChangeOf(record, options.router);
  if (change === null) return impliedPlan(queries, record, options);
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

/** A table is dropped, and its shadow is there still: is that the end of the table, or will the shadow take its place? Null: there is none. */
export async function droppedAmid(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<DdlPlan['held'] | null> {
  if (record.statement !== 'DROP TABLE') return null;
  for (const table of changedTables(record).filter((one) => options.router(one) !== null)) {
    const [shadow] = await openFor(queries, table, options);
    if (shadow) return { reason: 'online-change', message: dropText(table, shadow) };
  }
  return null;
}

function dropText(table: TableName, shadow: OpenShadow): string {
  const [name, other] = [tableName(table), tableName(shadow.table)];
  return `${name} was dropped at the source, where an online tool has made ${other} for it. If that takes the place of ${name} (pt-online-schema-change --alter-foreign-keys-method=drop_swap), answer "skip": the rename comes next. If ${name} is to be gone, answer "run"`;
}

function gone(table: TableName): DdlRefusal {
  const message = `${tableName(table)} has got the name that an online tool gives to a table that it replaces, and no table is known that takes its place. Its rows at the target stay. Do there what is meant, and answer "done"; or "skip"`;
  return { reason: 'online-change', message, ways: ['done', 'skip'] };
}

/**
 * Shadows that go with a table that is routed by its name, of a tool that began before the table was routed: they are not here, so nothing
 * that is done to them is done here, and what takes the place of the table brings rows that never came.
 */
async function impliedPlan(queries: Queries, record: DdlRecord, { router }: OnlineOptions): Promise<OnlinePlan | null> {
  if (record.doubt !== null || /^(?:CREATE|DROP) /.test(record.statement)) return null;
  const named = record.tables.filter(({ role }) => role === 'subject' || role === 'from');
  const implied = named.filter((table) => router.shadow(table) === 'implied');
  for (const table of implied) {
    const target = router(table);
    if (target === null || (await isThere(queries, target))) continue;
    const to = record.tables.find((one) => one.role === 'to' && one.offset > table.offset);
    if (to && router(to) !== null && router.shadow(to) === null)
      return entered(`${tableName(table)} has become ${tableName(to)}, and it is not at the target`);
    if (named.length === 1) return 'shadows';
  }
  return null;
}

async function openFor(queries: Queries, table: TableName, options: OnlineOptions): Promise<readonly OpenShadow[]> {
  const open = openShadows(await keptOf(queries, table, options));
  return open.filter(({ table: { database, name } }) => database === table.database && shadowKindOf(name, table.name) === 'shadow');
}

/** A name that is cut has the beginning of its table's: so many letters, and those of what a tool puts before and behind. */
const beginning = 40;

async function keptOf(queries: Queries, { name }: TableName, { pipeline }: OnlineOptions): Promise<readonly KeptStatement[]> {
  const texts = await readKept(queries, pipeline, JSON.stringify(name.slice(0, beginning)).slice(1, -1));
  return texts.flatMap((text) => keptStatement(text) ?? []);
}
