/**
 * For the tests of files both ways: the loader of one direction, with its real parts, that is killed at any step and taken over by the next
 * one. Its log is a list, and its files app a tree in memory.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Checkpoint } from '@lutra/marker';
import { conflictRuleSchema, fileRuleSchema, SyncError, toSyncError } from '@lutra/model';
import type { PipelineUid, TableSchema } from '@lutra/model';
import { askFor, Collations, foughtFor, keyed, keysOf, StatementBuilder, takeOver } from '@lutra/mysql';
import type { ApplyConnection, Change } from '@lutra/mysql';
import type { z } from 'zod';
import type { Random } from '../../../../../test/harness/random.js';
import { TargetWriter } from '../../commit/target-writer.js';
import type { CommitFiles, TransactionFiles } from '../../files/commit-files.js';
import { FileRows } from '../../files/file-rows.js';
import { PipelineFiles } from '../../files/pipeline-files.js';
import { Staging } from '../../files/staging.js';
import { takeOverFiles } from '../../files/take-over-files.js';
import { serversIo } from '../../io.js';
import { ruleBook } from '../decide/rules.js';
import type { BufferedTransaction } from '../detect/buffered-transactions.js';
import { ConflictDetector } from '../detect/conflict-detector.js';
import { eventOf, FakePeers, logId, regions, seenUpTo } from '../detect/detector-peers.fixture.js';
import { TableBook } from '../detect/table-book.js';
import type { Resolution } from '../resolve/resolution.js';
import { ConflictFiles } from './conflict-files.js';
import { pathOf, ruleOf } from './side.fixture.js';
import type { Entry, Side } from './side.fixture.js';

export interface WayOptions {
  readonly rule: z.input<typeof conflictRuleSchema>;
  readonly home: Side;
  readonly random: Random;
  /** Accidents that are left. */
  readonly accidents: { left: number };
  /** How often one happens at a step. */
  readonly chance: number;
}

class Killed extends Error {}

let pipelines = 0;

export class Way {
  readonly pipeline = `f.p${++pipelines}` as PipelineUid;
  readonly #from: Side;
  readonly #to: Side;
  readonly #options: WayOptions;
  #lease = 0;
  /** Steps at which an accident happened. */
  readonly accidents: string[] = [];
  /** Of conflicts. */
  conflicts = 0;

  constructor(from: Side, to: Side, options: WayOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** All of the log is applied. */
  get isDone(): boolean {
    return this.#to.applied === this.#from.log.length - 1;
  }

  /** Until `ends`: one loader behind the other. */
  async run(ends: () => boolean): Promise<void> {
    while (!ends()) {
      const life = new Life(this.#from, this.#to, { ...this.#options, way: this, lease: ++this.#lease });
      try {
        await life.run(ends);
      } catch (error) {
        if (!life.isOver(error)) throw error;
      } finally {
        await life.close();
      }
    }
  }
}

class Life {
  readonly #from: Side;
  readonly #to: Side;
  readonly #options: WayOptions & { readonly way: Way; readonly lease: number };
  readonly #ended = new AbortController();
  #isKilled = false;
  #writer: TargetWriter | null = null;
  #files: PipelineFiles | null = null;

  constructor(from: Side, to: Side, options: WayOptions & { readonly way: Way; readonly lease: number }) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
  }

  /** As a process: what is tried again, and what a kill leaves. */
  isOver(error: unknown): boolean {
    return this.#isKilled || toSyncError(error).outcome === 'retry';
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#files?.close();
    await this.#writer?.dispose();
  }

  async run(ends: () => boolean): Promise<void> {
    const { lease, way } = this.#options;
    const { server } = this.#to;
    const { pipeline } = way;
    const { checkpoint } = await takeOver(server.options, { pipeline, part: 0, lease, mayCreate: lease === 1 });
    const files = await this.#filesOf(checkpoint);
    const detector = await this.#detectorOf(checkpoint, files);
    for (let seq = checkpoint.seq; !ends();) {
      const next = this.#next(seq);
      if (next.length === 0) {
        await turn();
        continue;
      }
      seq += next.length;
      const at = this.#at(checkpoint, seq);
      const resolutions = next.flatMap((entry) => (entry.kind === 'resolution' ? [this.#resolution(entry)] : []));
      if (resolutions.length > 0) await detector.resolutions(resolutions, { ...at, origin: regions.source, path: [regions.source] });
      else await this.#commit(detector, files, { entries: next, first: seq - next.length + 1, checkpoint });
    }
  }

  /** Some that follow one another, of one kind. */
  #next(seq: number): readonly Entry[] {
    const { log } = this.#from;
    const most = this.#options.random.int(1, 4);
    const next = log.slice(seq + 1, seq + 1 + most);
    const other = next.findIndex(({ kind }) => kind !== next[0]?.kind);
    return other < 0 ? next : next.slice(0, other);
  }

  async #commit(
    detector: ConflictDetector,
    files: CommitFiles & FileRows,
    { entries, first, checkpoint }: { readonly entries: readonly Entry[]; readonly first: number; readonly checkpoint: Checkpoint },
  ): Promise<void> {
    const builder = new StatementBuilder({ exact: true });
    const transactions = entries.map((entry, i): BufferedTransaction => {
      const seq = first + i;
      const images = entry.kind === 'local' ? entry.changes : [];
      const changes = images.map((one): Change => ({ op: opOf(one), ...one, ...this.#table }));
      const event = eventOf(images.at(-1) ?? { before: null, after: null }, { seq, seen: seenUpTo(entry.seen) });
      const { gtid, tsUs: sourceUs, origin, path } = event.source;
      const named = changes.flatMap((change) => files.filesOf(this.#table.source, change) ?? []);
      const all: TransactionFiles = { comes: named.flatMap(({ comes }) => comes), leaves: named.flatMap(({ leaves }) => leaves) };
      const at = this.#at(checkpoint, seq);
      return { changes, event, position: at, checkpoint: { ...at, gtid, sourceUs, origin, path }, files: all };
    });
    for (const { changes } of transactions) for (const change of changes) builder.add(change);
    for (let from = 0; from < transactions.length;) from += await files.ready(transactions.slice(from));
    const last = transactions.at(-1);
    if (last) await detector.commit({ statements: builder.take(), first: 0, transactions, checkpoint: last.checkpoint });
  }

  #resolution({ key, row, seen }: Extract<Entry, { kind: 'resolution' }>): Resolution {
    const { database, name: table } = this.#table.source;
    return { kind: 'resolution', endpoint: 'e', pipeline: 'x', channel: 'c', database, table, key, row, seen: seenUpTo(seen), tsMs: 1 };
  }

  #at(checkpoint: Checkpoint, seq: number): Checkpoint & { readonly log: string } {
    return { ...checkpoint, log: logId, logId, logEpoch: 1, seq, nextOffset: seq + 1 };
  }

  get #table(): { readonly source: TableSchema; readonly target: Change['target'] } {
    const { source } = this.#from.table;
    return { source, target: keyed(source, this.#to.table.target) };
  }

  async #filesOf({ epoch }: Checkpoint): Promise<CommitFiles & FileRows> {
    const { pipeline } = this.#options.way;
    const service = this.#to.tree.service(this.#from.tree, {
      step: (name) => this.#step(name),
      isNamed: (wanted) => this.#isNamed(wanted),
    });
    const placed = await this.#to.query(`SELECT root, n FROM lutra.file_place WHERE pipeline = '${pipeline}'`);
    const committed = new Map(placed.map(({ root, n }) => [String(root), Number(n)]));
    const nextN = await takeOverFiles({ files: service, pipeline, epoch, committed }, ['pics']);
    const { signal } = this.#ended;
    const ruleNow = (): { readonly missing: 'wait'; readonly waitSeconds: number } => ({ missing: 'wait', waitSeconds: 60 });
    const staging = new Staging({ files: service, pipeline, sourceRegion: 'r', signal, ruleNow, onWithout: () => undefined });
    const rows = new FileRows({ staging, endpoint: 'e', rulesOf: () => [fileRuleSchema.parse(ruleOf(this.#from.of.naming))] });
    const nothing = (): undefined => undefined;
    const of = { files: service, staging, pipeline, epoch, signal, hasMissing: () => false };
    const files = new PipelineFiles({ ...of, onCommitted: nothing, observe: nothing, warn: nothing });
    files.from(nextN);
    this.#files = files;
    return Object.assign(rows, {
      ready: (all) => files.ready(all),
      place: (...asked) => files.place(...asked),
      committed: (placing) => files.committed(placing),
      takeBack: (placing) => files.takeBack(placing),
    } satisfies CommitFiles);
  }

  async #isNamed({ path, row: { key } }: Parameters<Parameters<Side['tree']['service']>[1]['isNamed']>[0]): Promise<boolean> {
    const rows = await this.#from.rows();
    return rows.some((row) => String(row['id']) === key['id'] && pathOf(this.#from.of.naming, row) === path);
  }

  async #detectorOf(checkpoint: Checkpoint, files: CommitFiles & FileRows): Promise<ConflictDetector> {
    const { rule, home, way } = this.#options;
    const { server, table } = this.#to;
    const at = home === this.#to ? regions.target : regions.source;
    const rules = ruleBook({ home: at, rules: [conflictRuleSchema.parse(rule)], retentionDays: 1 }, regions);
    const collations = new Collations((sql) => this.#to.query(sql));
    const port = { ...serversIo.target, connect: (...of: Parameters<typeof serversIo.target.connect>) => this.#connect(...of) };
    const writer = new TargetWriter({ target: server.options, port, key: checkpoint, observe: () => undefined });
    this.#writer = writer;
    await writer.loadTable(table.database, 't');
    const peers = new FakePeers();
    const keys = keysOf(this.#table.source, this.#table.target, collations);
    let known = 0;
    peers.whileLocked = () =>
      this.#to.alone(async () => {
        for (; known < this.#to.log.length; known++) await learn(peers, keys, { entry: this.#to.log[known], seq: known });
      });
    return new ConflictDetector({
      writer,
      key: checkpoint,
      of: { id: `c.${way.pipeline}`, channel: 'c' },
      rules,
      tables: new TableBook({ rules, collations, flowsBack: () => true }),
      collations,
      resolutionTables: { targetOf: async () => this.#table.target },
      peers,
      files: new ConflictFiles(files),
      replaces: () => false,
      leave: async () => undefined,
      onConflicts: (conflicts) => void (way.conflicts += conflicts.length),
    });
  }

  async #connect(...of: Parameters<typeof serversIo.target.connect>): Promise<ApplyConnection> {
    if (this.#isKilled) throw new Killed();
    const connection = await serversIo.target.connect(...of);
    const commit = connection.commit.bind(connection);
    connection.commit = async () => {
      await this.#step('before COMMIT');
      await this.#to.alone(async () => {
        if (this.#isKilled) throw new Killed();
        await commit();
        await this.#to.committed(this.#options.way.pipeline);
      });
      await this.#step('behind COMMIT');
    };
    return connection;
  }

  /** A kill, or an answer that is lost. */
  async #step(name: string): Promise<void> {
    const { random, chance, accidents, way } = this.#options;
    for (let i = random.int(0, 3); i > 0; i--) await turn();
    if (this.#isKilled) throw new Killed(name);
    if (accidents.left === 0 || !random.chance(chance)) return;
    accidents.left -= 1;
    this.#isKilled = random.chance(0.7);
    way.accidents.push(`${name} ${this.#isKilled ? 'killed' : 'lost'}`);
    if (this.#isKilled) throw new Killed(name);
    const code = name.endsWith('COMMIT') ? 'TARGET_UNAVAILABLE' : 'FILES_UNAVAILABLE';
    throw new SyncError(code, `an answer is lost ${name}`);
  }
}

async function learn(
  peers: FakePeers,
  keys: ReturnType<typeof keysOf>,
  { entry, seq }: { readonly entry: Entry | undefined; readonly seq: number },
) {
  if (!entry) return;
  const images = entry.kind === 'local' ? entry.changes.flatMap(({ before, after }) => [before, after]) : [entry.row ?? entry.key];
  await askFor(images.map((image) => [keys, image]));
  for (const { conflictKey, row } of foughtFor(keys, images)) peers.add(conflictKey, seq, row);
}

function opOf({ before, after }: Pick<Change, 'before' | 'after'>): Change['op'] {
  return before === null ? 'c' : after === null ? 'd' : 'u';
}
