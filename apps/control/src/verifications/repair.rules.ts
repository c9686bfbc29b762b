/** What stands in the way of a repair. Pure; returns every problem. */
import { createRouter, createRuleFinder, isStop, pipelineRoutes, sourceTable, tableName } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, TableName, VerificationOrder, VerificationResult, VerifiedTable } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';
import { defaultOnExisting, isTwoWay, nobodyWins } from '../seeds/seed-direction.js';
import type { Regions } from '../seeds/seed-direction.js';
import { patternOf } from '../seeds/seed-tables.js';
import type { RepairAnswer, RepairedTable, RepairWrite } from './repair.schemas.js';
import { isRepairing, isUnderWay } from './verification-state.js';

export interface RepairSubject {
  readonly channel: ChannelDocument;
  readonly regions: Regions;
  /** All. */
  readonly channels: readonly ChannelDocument[];
  readonly verification: VerificationOrder;
  /** Of this verification. */
  readonly result: VerificationResult | null;
}

/** @param asked id of the verification */
export function standingProblems({ channel, verification, result }: RepairSubject, asked: string): readonly Problem[] {
  const { id, repeat, state } = verification;
  const again = 'order a verification (POST …/verify), and repair what it finds';
  if (id !== asked)
    return [error('repair-other-verification', `verification ${asked} is not the last one of channel ${channel.name} (${id})`, again)];
  if (state === 'cancelled') return [error('repair-cancelled', `verification ${id} was cancelled`, again)];
  if (repeat === 'continuously') {
    const what = `verification ${id} is repeated continuously, so what it found does not stand still`;
    return [error('repair-continuously', what, 'cancel it (POST …/verify/cancel), and verify once')];
  }
  if (!isUnderWay(verification, result)) return [];
  if (result?.endedAt != null && isRepairing(verification, result))
    return [error('repair-under-way', `what verification ${id} found is being repaired`, 'wait until it is done, or cancel it')];
  return [error('repair-not-ended', `verification ${id} has not ended`, 'wait until it has')];
}

/** Tables that differ and that are asked for. */
export function tablesToRepair(result: VerificationResult | null, { tables, keys }: RepairWrite): readonly VerifiedTable[] {
  const patterns = tables && createRouter(tables.map(patternOf));
  const isAsked = ({ pipeline, database, table }: VerifiedTable): boolean =>
    keys
      ? keys.some((key) => key.pipeline === pipeline && key.schema === database && key.table === table)
      : !patterns || patterns({ database, name: table }) !== null;
  return (result?.tables ?? []).filter((table) => table.verdict === 'different' && isAsked(table));
}

/** Roots whose files that no row names are to go. */
export function orphansToTrash(result: VerificationResult | null, { orphans }: Pick<RepairWrite, 'orphans'>): RepairAnswer['orphans'] {
  if (orphans === undefined) return [];
  return (result?.roots ?? []).flatMap((root) =>
    root.orphans === 0 ? [] : [{ pipeline: root.pipeline, root: root.root, files: root.orphans, bytes: root.bytes }],
  );
}

export interface Winner {
  readonly winner: string;
  readonly problems: readonly Problem[];
}

/** One way the source wins. Both ways the end that is nearer to home does, or a region that is named and is an end of each pipeline. */
export function winnerOf({ channel, regions }: RepairSubject, names: ReadonlySet<string>, asked: string | undefined): Winner {
  const concerned = channel.pipelines.filter(({ name }) => names.has(name));
  const both = concerned.filter((pipeline) => isTwoWay(channel, pipeline));
  if (both.length === 0) return { winner: 'source', problems: asked === undefined || asked === 'source' ? [] : [notOneWay(asked)] };
  const refuse = (what: string, fix: string): Winner => ({ winner: asked ?? '', problems: [error('repair-winner', what, fix)] });
  if (both.length < concerned.length) {
    const one = concerned.filter((pipeline) => !both.includes(pipeline));
    const what = `pipelines ${namesOf(one)} flow one way, and ${namesOf(both)} both ways`;
    return refuse(what, 'verify and repair them one after the other ("pipelines" of POST …/verify)');
  }
  if (channel.conflicts.home === undefined)
    return refuse(`channel ${channel.name} flows both ways and has no home region that would decide`, 'give it "home", or repair by hand');
  const between = both.filter((pipeline) => nobodyWins(channel, pipeline, regions) || nearer(channel, pipeline, regions) === 'stop');
  if (between.length > 0) {
    const what = `pipelines ${namesOf(between)}: neither end is nearer to home, and each row there is home's to decide`;
    return refuse(what, 'verify and repair against home ("pipelines" of POST …/verify)');
  }
  const winners = new Set(both.map((pipeline) => nearer(channel, pipeline, regions)));
  const [first = ''] = winners;
  const winner = asked ?? first;
  const others = both.filter(({ source, target }) => ![source, target].some((end) => regions.get(end) === winner));
  if ((asked !== undefined || winners.size === 1) && others.length === 0) return { winner, problems: [] };
  const what = asked === undefined ? `${[...winners].join(' and ')} win` : `winner: ${asked} is no end of pipelines ${namesOf(others)}`;
  return refuse(
    what,
    'verify and repair pipelines with the same winner together ("pipelines" of POST …/verify), and name one of their regions',
  );
}

function nearer(channel: ChannelDocument, pipeline: PipelineDocument, regions: Regions): string {
  return defaultOnExisting(channel, pipeline, regions);
}

function notOneWay(asked: string): Problem {
  return error('repair-winner', `winner: ${asked}: these pipelines flow one way`, 'leave it out: the source wins');
}

/** Rows that are only at the target may be there for a reason: another pipeline, or a condition of the order. */
export function extraProblems(subject: RepairSubject, tables: readonly RepairedTable[], extra: readonly string[]): readonly Problem[] {
  const nameOf = ({ schema, table }: RepairedTable): string => tableName({ database: schema, name: table });
  const refused = tables
    .filter((table) => extra.includes(nameOf(table)))
    .flatMap((table) => {
      const why = whyExtra(subject, table);
      if (why === null) return [];
      const what = `extra: ${nameOf(table)} in pipeline ${table.pipeline}: ${why}, so its rows at the target need not be the source's`;
      return [error('repair-extra', what, 'leave it out, and delete such rows by hand', nameOf(table))];
    });
  const unknown = extra.filter((name) => !tables.some((table) => nameOf(table) === name));
  const left = tables.filter((table) => table.extra > 0 && !extra.includes(nameOf(table)));
  return [
    ...refused,
    ...unknown.map((name) =>
      error('repair-extra', `extra: ${name}: nothing of that table is repaired`, 'name it as it is at the source', name),
    ),
    ...left.map((table) => {
      const what = `${nameOf(table)} in pipeline ${table.pipeline}: ${table.extra} rows are only at the target, and stay`;
      return warning('repair-extra-stays', what, 'name the table in "extra" to delete them', nameOf(table));
    }),
  ];
}

function whyExtra({ channel, channels, verification }: RepairSubject, { pipeline: name, schema, table }: RepairedTable): string | null {
  if (verification.where !== undefined) return 'only rows under a condition were compared';
  const own = channel.pipelines.find((one) => one.name === name);
  const target = own && createRouter(pipelineRoutes(own))({ database: schema, name: table });
  if (!own || !target) return 'the pipeline does not carry it now';
  const pipelines = channels.flatMap((each) => each.pipelines);
  const others = pipelines.filter((other) => other.target === own.target && other.uid !== own.uid && brings(other, target));
  return others.length > 0 ? `pipelines from ${others.map(({ source }) => source).join(', ')} write it too` : null;
}

function brings(pipeline: PipelineDocument, target: TableName): boolean {
  const routes = pipelineRoutes(pipeline);
  return sourceTable(target, routes, createRouter(routes)) !== null;
}

/**
 * A → B → C under `stop`: B was damaged behind its binlog, so C has the row of A. The repair of B is an update whose row before C does not
 * have, and stops the pipeline to C (3 of 3 in the model).
 */
export function onwardProblems(subject: RepairSubject, tables: readonly RepairedTable[], winner: string): readonly Problem[] {
  const { channel, channels, regions } = subject;
  return tables.flatMap(({ pipeline: name, schema, table }) => {
    const own = channel.pipelines.find((one) => one.name === name);
    const target = own && createRouter(pipelineRoutes(own))({ database: schema, name: table });
    if (!own || !target) return [];
    const loses = winner === 'source' || regions.get(own.source) === winner ? own.target : own.source;
    const repaired = loses === own.target ? target : { database: schema, name: table };
    const stopping = channels.flatMap((other) => {
      const ruleOf = createRuleFinder(other.conflicts.rules);
      return other.pipelines.filter((onward) => {
        const arrives = onward.source === loses && !isTwoWay(other, onward) ? createRouter(pipelineRoutes(onward))(repaired) : null;
        return arrives !== null && isStop(ruleOf(arrives));
      });
    });
    return stopping.map((onward) => {
      const what = `${tableName(repaired)}: its repair at ${loses} goes on to ${onward.target}, where the policy is stop: rows that differ there stop pipeline ${onward.name}`;
      return warning(
        'repair-goes-on',
        what,
        `verify and repair ${loses} → ${onward.target} as well`,
        tableName({ database: schema, name: table }),
      );
    });
  });
}

/** What a repair leaves as it is. */
export function leftProblems(result: VerificationResult | null, tables: readonly RepairedTable[]): readonly Problem[] {
  const open = (result?.tables ?? []).filter(({ verdict }) => verdict !== 'equal' && verdict !== 'different');
  const ranged = tables.filter(({ ranges }) => ranges > 0);
  return [
    ...ranged.map(({ pipeline, schema, table, ranges }) => {
      const what = `${tableName({ database: schema, name: table })} in pipeline ${pipeline}: ${ranges} more ranges of keys differ than rows are kept of`;
      return warning('repair-ranges', what, 'say "untilEqual": true, or verify and repair again');
    }),
    ...(open.length === 0
      ? []
      : [
          warning(
            'repair-not-compared',
            `${open.length} tables were not compared to their end, and are left as they are`,
            'GET …/verify says why',
          ),
        ]),
  ];
}

function namesOf(pipelines: readonly Pick<PipelineDocument, 'name'>[]): string {
  return pipelines.map(({ name }) => name).join(', ');
}

export function nothingToRepair(channel: string): Problem {
  const what = `no rows were found in channel ${channel} that differ and are asked for`;
  return error('repair-no-differences', what, 'GET …/verify/differences shows what was found');
}

export function keyUnknown({ pipeline, schema, table, key }: { pipeline: string; schema: string; table: string; key: object }): Problem {
  const name = tableName({ database: schema, name: table });
  const what = `keys: ${name} in pipeline ${pipeline}: ${JSON.stringify(key)} was not found to differ`;
  return error('repair-key', what, 'write the key as GET …/verify/differences shows it', name);
}

function error(id: string, what: string, fix: string, table?: string): Problem {
  return { id, severity: 'error', what, fix, ...(table !== undefined && { table }) };
}

function warning(id: string, what: string, fix: string, table?: string): Problem {
  return { ...error(id, what, fix, table), severity: 'warning' };
}
