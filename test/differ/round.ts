/** What every round has in common: its number, its random source, what it found, and the file that repeats it. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, Random } from '../harness/index.js';
import type { Counts } from './counts.js';
import type { Field, Stop } from './field.js';
import type { Feature } from './schema.js';
import type { Sent } from './sender.js';

export interface RoundOptions {
  readonly seed: number;
  readonly n: number;
  readonly mysql: '8.0' | '9.7';
  readonly statements: number;
  readonly definitions: number;
  readonly features: ReadonlySet<Feature>;
  readonly tables: readonly string[] | undefined;
  readonly counts: Counts;
  readonly log: Log;
}

/** What must not be. */
export interface Wrong {
  readonly round: string;
  readonly what: string;
  /** A .sql file. */
  readonly file: string;
}

/** Every round of a seed has its own. */
export function randomOf({ seed, n }: Pick<RoundOptions, 'seed' | 'n'>, salt = 0): Random {
  return new Random((seed * 1_000_003 + n * 7919 + salt * 104_729) % 2 ** 32);
}

export interface Evidence {
  readonly database: string;
  /** CREATE statements, in order. */
  readonly made: readonly string[];
  readonly sent: readonly Sent[];
}

/** Writes down everything that was sent. @returns the file */
export async function keepReplay(round: string, what: readonly string[], { database, made, sent }: Evidence): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'lutra-differ-')), `${round.replaceAll(/\W+/g, '-')}.sql`);
  const lines = [
    ...what.map((line) => `-- ${line.replaceAll('\n', ' ')}`),
    `CREATE DATABASE ${database}; USE ${database};`,
    ...made.map((sql) => `${sql};`),
    ...sent.map(
      ({ step, refused }) =>
        `-- ${step.kind}, session ${step.session}${refused === undefined ? '' : `, refused: ${refused.replaceAll('\n', ' ')}`}\n${step.sql};`,
    ),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** The last statements on a table that were carried out, with what the session was told before. */
export function lastOn(table: string, sent: readonly Sent[], most = 6): string[] {
  const about = sent.filter(({ step, refused }) => refused === undefined && step.sql.includes(table));
  return about.slice(-most).map(({ step }) => `  ${step.session}: ${step.sql.slice(0, 400)}`);
}

/** Leaves everything that was not replicated behind: the next round is another database. */
export async function recover(field: Field, way: 'one' | 'both', stop: Stop): Promise<void> {
  const { api, endpoints } = field.stack;
  const reason = 'this round is given up';
  const sides = way === 'one' ? (['a'] as const) : (['a', 'b'] as const);
  if (stop.app === 'capture') {
    for (const side of sides)
      await api.request('POST', `/api/v1/endpoints/${endpoints[side]}/restart`, { start: { from: 'now' }, reason, accept: true });
  }
  const pipelines = way === 'one' ? ['a-b'] : ['a-b', 'b-a'];
  for (let attempt = 0; ; attempt++) {
    await api.channelAction(way, 'retry');
    for (const name of pipelines) {
      await api
        .request('POST', `/api/v1/channels/${way}/pipelines/${name}/restart`, { at: 'end', reason, accept: true })
        .catch((error: unknown) => {
          if (attempt > 20) throw error; // the table is busy, or capture is not there yet
        });
    }
    if ((await field.quiet(way, 8000)) === undefined) return;
    if (attempt > 20) throw new Error(`the channel ${way} does not go on: ${stop.code} ${stop.message}`);
  }
}

export async function dropEverywhere(field: Field, databases: readonly string[]): Promise<void> {
  for (const where of ['a', 'b', 'replica'] as const) {
    if (where === 'replica' && field.replica.server.pid === undefined) continue;
    for (const database of databases)
      await field.rows(where, `SET sql_log_bin = 0; DROP DATABASE IF EXISTS \`${database}\`; SET sql_log_bin = 1`);
  }
}
