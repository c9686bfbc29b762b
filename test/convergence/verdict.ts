/** Quiet: is everything equal, is everything there, was every conflict logged, did nothing go round? All that is wrong, in words. */
import { differencesFromWritten, readTopic, type Stack } from '../harness/index.js';
import { clashDatabase } from './clash.js';
import { type LoggedConflict, readConflicts } from './conflict-log.js';
import { countedConflicts } from './conflict-metrics.js';
import { compareSites } from './equality.js';
import type { History } from './history.js';
import type { ClashLoad } from './load.js';
import type { Shape } from './shapes.js';
import type { Site } from './site.js';
import { readJournal, readStored } from './stored.js';
import { followChains } from './write-chains.js';
import { wrongOrder } from './writer-order.js';

export interface Run {
  readonly stack: Stack;
  /** The first one is home. */
  readonly sites: readonly [Site, ...Site[]];
  readonly shapes: readonly Shape[];
  readonly load: ClashLoad;
  readonly history: History;
  /** There must be some. */
  readonly conflicts: boolean;
  /** Home forwards what the others write. */
  readonly hub: boolean;
  /** No process has ended since the start. */
  readonly undisturbed: boolean;
}

export interface Verdict {
  readonly good: boolean;
  /** The last one says it in short. */
  readonly lines: readonly string[];
}

const told = 12;
/** Of transactions; less is no test of conflicts. */
const leastShare = 0.2;

export async function reachVerdict(run: Run): Promise<Verdict> {
  const { sites, shapes, load, history } = run;
  const [home] = sites;
  const { tables, rows, differences } = await compareSites(run);
  const logs = await Promise.all(sites.map((site) => readConflicts(site)));
  const logged = logs[0] ?? [];
  const stored = await Promise.all(sites.map((site) => readStored(site.connection, shapes)));
  const homeRows = stored[0] ?? new Map();
  const { committed } = history;
  const chains = followChains({ committed, shapes, home: home.letter, logged, stored: homeRows });
  const wentBack = load.readers.flatMap((reader) => reader.wentBack);
  const share = conflictShare(logs, history.stamps.length);
  const problems = [
    ...differences,
    ...stored.flatMap((there, index) => load.expected.differences(there).map((line) => `at ${sites[index]?.region}: ${line}`)),
    ...(await journalProblems(run)),
    ...chains.silent,
    ...wrongOrder({ wentBack, committed, shapes, home: home.letter, logged }),
    ...logs.flatMap((log, index) => logProblems(log, { index, sites })),
    ...(run.conflicts ? untouched(shapes, logged) : []).map((policy) => `policy ${policy}: home decided no conflict by it`),
    ...(await strays(run)),
    ...(run.undisturbed ? await metricProblems(run, logs) : []),
    ...(run.conflicts && share.of < leastShare ? [`only ${percent(share.of)} of the transactions met a conflict: too few`] : []),
  ];
  const reads = load.readers.reduce((sum, reader) => sum + reader.reads, 0);
  const lines = [
    `reads: ${reads}, rows that went back and might: ${wentBack.length}; forks: ${chains.forks}, each of them logged unless told below`,
    `conflicts decided at home: ${byTable(logged)}`,
    ...problems.slice(0, told * 4),
  ];
  const sum = `${count(history.stamps.length)} transactions, ${count(share.transactions)} of them with a conflict (${percent(share.of)})`;
  const end =
    problems.length === 0
      ? `equal: ${tables} tables, ${count(rows)} rows; ${sum}`
      : `WRONG: ${problems.length} things; ${sum}; the first: ${problems[0]?.split('\n')[0]}`;
  return { good: problems.length === 0, lines: [...lines, end] };
}

/** Exactly what was committed is everywhere: no transaction is missing, none came from nowhere. */
async function journalProblems({ sites, history }: Run): Promise<string[]> {
  const wanted = new Set(history.stamps);
  const found = await Promise.all(sites.map(async (site) => ({ site, there: await readJournal(site.connection) })));
  return found.flatMap(({ site, there }) => [
    ...[...wanted].filter((stamp) => !there.has(stamp)).map((stamp) => `at ${site.region}: transaction ${stamp} is missing`),
    ...[...there].filter((stamp) => !wanted.has(stamp)).map((stamp) => `at ${site.region}: transaction ${stamp} was never committed`),
  ]);
}

/** Nothing went round: each topic holds what its own side's writers changed, a hub's what it forwards besides, and has no hole. */
async function strays({ stack, sites, load, hub }: Run): Promise<string[]> {
  const topics = await Promise.all(
    sites.map(async ({ letter }, index) => {
      const forwards = hub && index === 0;
      return { letter, report: await readTopic(stack, letter, { database: clashDatabase, forwards }) };
    }),
  );
  return topics.flatMap(({ letter, report }) => {
    const totals = load.totals[letter];
    return [...report.holes.map((hole) => `${report.topic}: ${hole}`), ...(totals ? differencesFromWritten(report, [totals]) : [])];
  });
}

/** Home decides for good, and only home; each decision is there once. */
function logProblems(log: readonly LoggedConflict[], { index: siteIndex, sites }: { index: number; sites: readonly Site[] }): string[] {
  const region = sites[siteIndex]?.region;
  const wrong = log.filter(({ final }) => final !== (siteIndex === 0)).length;
  const names = log.map(({ pipeline, transaction, table, key, op, before, after, images }) =>
    [pipeline, transaction, table, key, op, before, after, images].join('|'),
  );
  const twice = names.filter((name, index) => names.indexOf(name, index + 1) !== -1);
  return [
    ...(wrong > 0
      ? [`${region}: ${wrong} conflicts ${siteIndex === 0 ? 'without a final decision' : 'finally decided away from home'}`]
      : []),
    ...twice.slice(0, told).map((name) => `${region}: logged twice: ${name}`),
  ];
}

/** Policies that no conflict was decided by. */
function untouched(shapes: readonly Shape[], logged: readonly LoggedConflict[]): string[] {
  const touched = new Set(logged.map(({ table }) => table));
  const used = new Set(shapes.filter(({ name }) => touched.has(name)).map(({ rule }) => rule.policy));
  return [...new Set(shapes.map(({ rule }) => rule.policy))].filter((policy) => !used.has(policy));
}

async function metricProblems({ stack }: Run, logs: readonly (readonly LoggedConflict[])[]): Promise<string[]> {
  const [counted, all] = [await countedConflicts(stack.apps), logs.flat().length];
  return counted === all ? [] : [`the loaders counted ${counted} conflicts in their metrics and logged ${all}`];
}

interface Share {
  readonly transactions: number;
  readonly of: number;
}

/** Incoming transactions that met a conflict anywhere. */
function conflictShare(logs: readonly (readonly LoggedConflict[])[], all: number): Share {
  const transactions = new Set(logs.flat().map(({ transaction }) => transaction)).size;
  return { transactions, of: all === 0 ? 0 : transactions / all };
}

function byTable(logged: readonly LoggedConflict[]): string {
  const counts = new Map<string, number>();
  for (const { table } of logged) counts.set(table, (counts.get(table) ?? 0) + 1);
  return [...counts].map(([table, n]) => `${table} ${n}`).join(', ') || 'none';
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
