/**
 * Every combination of what comes back, or begins, and what lives on beside it: what happens, and the test that shows it.
 * docs/08-stale-positions.md is made from it (`npx tsx scripts/positions-doc.ts`); a unit test sees to it that each test is there and that
 * each code is one.
 */
import type { ErrorCode } from '@lutra/model';

export interface StalePosition {
  /** What is restored, created anew or begun. */
  readonly what: string;
  /** The rest of what it meets. */
  readonly beside: string;
  /**
   * By name, before a row is applied; null: it goes on, and nothing is lost or applied twice. 'limit': no record tells, so nobody stops.
   */
  readonly stop: readonly ErrorCode[] | null | 'limit';
  readonly says: string;
  /** File below the repository, and title. Null only for a limit. */
  readonly test: readonly [file: string, title: string] | null;
}

export interface Group {
  readonly title: string;
  readonly positions: readonly StalePosition[];
}

const positions = 'test/accidents/stale-positions.e2e.test.ts';
const log = 'test/accidents/log.e2e.test.ts';
const source = 'test/accidents/source.e2e.test.ts';
const target = 'test/accidents/target.e2e.test.ts';
const uids = 'test/accidents/uids.e2e.test.ts';
const lost = 'test/survival/zookeeper-lost.e2e.test.ts';
const regressed = 'test/accidents/regressed-tree.e2e.test.ts';
const revision = 'apps/control/test/revision.integration.test.ts';
const rest = 'apps/control/test/rest.integration.test.ts';
const exported = 'apps/control/test/backup.integration.test.ts';
const capture = 'apps/capture/src/capture.pipeline.test.ts';
const loader = 'apps/loader/src/loader.pipeline.test.ts';
const apply = 'libs/mysql/src/apply.integration.test.ts';
const history = 'libs/binlog/src/failure.integration.test.ts';

export const stalePositions: readonly Group[] = [
  {
    title: 'ZooKeeper',
    positions: [
      {
        what: 'emptied, an older copy, or another tree',
        beside: 'captures and loaders at work',
        stop: null,
        says: 'they keep the documents that they have, take nothing from the tree, and say `CONFIG_REGRESSED` until it is right again or you adopt it',
        test: [regressed, 'restored from an older copy while the apps run: rows flow by the newer routes, and it is said'],
      },
      {
        what: 'emptied, then the newest backup restored',
        beside: 'all else',
        stop: null,
        says: 'the tree continues what is known: captures continue from the log, loaders from their checkpoints',
        test: [lost, 'goes on from a backup by itself, seed ${seed}'],
      },
      {
        what: 'emptied, adopted, the documents created again by hand, each pipeline with `adopt`',
        beside: 'all else',
        stop: null,
        says: 'captures and loaders as above. Create all channels before the first is started, or `LOG_LACKS_TABLES` stops those that are created later',
        test: [lost, 'goes on without a backup when its documents are written again, while the apps live'],
      },
      {
        what: 'a wrong `LUTRA_ROOT`, or another cluster’s ZooKeeper, with the same documents',
        beside: 'the log or the checkpoint',
        stop: ['CONFIG_REGRESSED', 'SCHEMA_UNKNOWN'],
        says: 'its writes are others, whatever its revision is. A capture may lack the schemas to read that in the log',
        test: [regressed, 'a wrong root with the same documents stops by name'],
      },
      {
        what: 'emptied',
        beside: 'the target has lost the row of the pipeline; Kafka is intact',
        stop: ['CHECKPOINT_MISSING'],
        says: 'the committed offset of the pipeline’s consumer group proves that it had a row',
        test: [
          positions,
          'a target that is restored with its checkpoint gets what it lost once; one that lost its row is not begun anew, also without the mark',
        ],
      },
      {
        what: 'emptied',
        beside:
          'the target has lost the row, and Kafka has discarded the group (`offsets.retention.minutes`, 7 days, after the loader stopped)',
        stop: 'limit',
        says: 'the pipeline starts at the first record of its topic. Look at `GET …/pipelines/<name>/position` before you start: `checkpoint` must not be null',
        test: null,
      },
      {
        what: 'an older copy, whatever was changed since',
        beside: 'the log or the checkpoint, all apps started anew',
        stop: ['CONFIG_REGRESSED'],
        says: 'the log and the checkpoint know a newer revision. Restore the right one, and they continue by themselves',
        test: [positions, 'a ZooKeeper that is restored from an older copy takes no table away'],
      },
      {
        what: 'an older copy, adopted',
        beside: 'all else',
        stop: null,
        says: 'work continues by its routes and its states. Tables that are not in it leave the log; they come back only with `?force=true`',
        test: [regressed, 'with all apps started anew: each stops by name, no row is applied; adopted, they go on'],
      },
      {
        what: 'an older copy, adopted; a pipeline was removed since',
        beside: 'another pipeline kept its topic in use',
        stop: ['LOG_LACKS_TABLES'],
        says: 'the loader stops at the record after which its tables are missing',
        test: [
          positions,
          'a channel that was removed does not come back with a backup, nor with an older ZooKeeper, at its old checkpoint',
        ],
      },
      {
        what: 'an older copy, a pipeline was removed since, and another one brings its tables',
        beside: 'the topic holds its tables for the other one',
        stop: ['CONFIG_REGRESSED'],
        says: 'the log has a newer revision, without the pipeline. If you adopt this tree, stop the channel of the old pipeline at once and remove it: it would apply again what the other one has applied',
        test: [loader, 'stops where the log was another’s while it was not there, and ZooKeeper is older than that'],
      },
      {
        what: 'an older copy, adopted; a channel was created since',
        beside: 'all else',
        stop: null,
        says: 'no process works on the channel. If you create it again with `adopt` for each pipeline, it continues at its checkpoint',
        test: [
          positions,
          'a channel that an older ZooKeeper does not know goes on where it stands when it is created again under its name',
        ],
      },
      {
        what: 'an older copy, adopted, with orders that wait (restart of an endpoint, skip)',
        beside: 'all else',
        stop: null,
        says: 'the adoption withdraws them, and names them in its answer',
        test: [revision, 'an adoption names what would come alive and what would end, and goes above all that is known anywhere'],
      },
      {
        what: 'an older copy, with a waiting order to restart an endpoint',
        beside: 'the order was carried out in the log',
        stop: null,
        says: 'the log has the order’s id, so it is not carried out again',
        test: [
          capture,
          'is not carried out again when ZooKeeper is restored from a copy in which it waits, though another one came after it',
        ],
      },
      {
        what: 'an older copy, with a waiting order to skip',
        beside: 'the checkpoint has passed it',
        stop: null,
        says: 'the order names a log and a seq, and has no effect. After a rewind over it the transaction is skipped once more, and `lutra.skipped` records that',
        test: ['apps/loader/src/recover/take-over.test.ts', 'is nobody’s any more once it is passed, or in another log'],
      },
      {
        what: 'an older copy, or emptied',
        beside: 'the source was restored too, and has given all its GTIDs to other transactions; the topic is intact',
        stop: ['SOURCE_BEHIND'],
        says: 'the log has binlog positions, and the server from which they were read',
        test: [history, 'says that a source has another history, also when it has given all GTIDs anew'],
      },
      {
        what: 'an older copy, in which only the state of a channel was another (start, pause, stop)',
        beside: 'all else',
        stop: 'limit',
        says: 'start, pause and stop do not raise the revision, so the tree continues. Look at `state` of the channels',
        test: null,
      },
      {
        what: 'an older copy, adopted, from before the conflict policies were changed',
        beside: 'all else',
        stop: 'limit',
        says: 'both sides decide by the older policies. Compare `conflicts` of the channels with what you want',
        test: null,
      },
      {
        what: 'a backup, restored',
        beside: 'a tree in which work went on since',
        stop: ['CONFIG_CONFLICT'],
        says: 'the tree has another revision, also if the restore would only restore what was removed',
        test: [exported, 'into a tree that lives is refused, also where it would only bring back what was removed'],
      },
      {
        what: 'a backup that is older than the last change of a channel, restored into an emptied tree',
        beside: 'all else',
        stop: ['CONFIG_REGRESSED'],
        says: 'as an older copy',
        test: [revision, 'a backup that is restored into an emptied tree continues, if it is the newest'],
      },
    ],
  },
  {
    title: 'The topic',
    positions: [
      {
        what: 'an older state: its end is lost',
        beside: 'ZooKeeper’s position backup is from after the loss',
        stop: ['LOG_TRUNCATED'],
        says: 'capture stops before it writes',
        test: [log, 'lost by the broker beyond what ZooKeeper knows stops capture; lost within it is published again and stops the loader'],
      },
      {
        what: 'an older state: its end is lost',
        beside: 'ZooKeeper’s position backup is older still; the target is intact',
        stop: ['LOG_TRUNCATED'],
        says: 'capture publishes the lost part again; the loader stops, because the record at its checkpoint is another one now',
        test: [log, 'lost by the broker beyond what ZooKeeper knows stops capture; lost within it is published again and stops the loader'],
      },
      {
        what: 'deleted, created again',
        beside: 'all else',
        stop: ['LOG_RECREATED', 'LOG_FOREIGN'],
        says: 'capture compares the position backup, loaders the log id',
        test: [log, 'deleted while it is in use is named by both ends'],
      },
      {
        what: 'emptied',
        beside: 'all else',
        stop: ['LOG_EMPTIED'],
        says: 'the topic had records, and has none',
        test: [log, 'emptied while capture was down is not a new one'],
      },
      {
        what: 'created again by a reset',
        beside: 'the target is intact',
        stop: ['LOG_FOREIGN'],
        says: 'you must give each pipeline that reads it a start position',
        test: [log, 'deleted while it is in use is named by both ends'],
      },
      {
        what: 'another log, as a mirror would bring',
        beside: 'all else',
        stop: ['LOG_FOREIGN'],
        says: 'both ends compare the log id',
        test: [log, 'a record of another log, as a mirror would bring: both ends stop'],
      },
      {
        what: 'emptied or deleted',
        beside: 'ZooKeeper emptied, the target emptied',
        stop: 'limit',
        says: 'no state is left: everything starts again, at the `start` of the endpoint. Seed as for the first time',
        test: null,
      },
    ],
  },
  {
    title: 'The source',
    positions: [
      {
        what: 'an older backup',
        beside: 'the log',
        stop: ['SOURCE_BEHIND'],
        says: 'the log has GTIDs that the server lacks',
        test: [source, 'is restored from an older backup'],
      },
      {
        what: 'an older backup or a reset, and other transactions under the same GTIDs',
        beside: 'the log and ZooKeeper’s position backup',
        stop: ['SOURCE_BEHIND'],
        says: 'the binlog file was created at another time, or the position is no longer between two transactions',
        test: [source, 'reset, and written again until all its GTIDs are there'],
      },
      {
        what: 'another server, or an endpoint that was created again with another host',
        beside: 'the log (GTIDs)',
        stop: ['SOURCE_BEHIND'],
        says: 'the server lacks what was published. With a promoted replica that has it, capture continues',
        test: [history, 'says that a start is not in the source, or no more'],
      },
      {
        what: 'another server',
        beside: 'the log (files and positions)',
        stop: ['SOURCE_BEHIND'],
        says: 'its `server_uuid` differs from that of the position backup, and binlog files of two servers are unrelated',
        test: [history, 'says that a source has another history, also when it has given all GTIDs anew'],
      },
    ],
  },
  {
    title: 'The target',
    positions: [
      {
        what: 'an older backup, with `lutra`',
        beside: 'the topic still has the later records',
        stop: null,
        says: 'the checkpoint was restored with the data, so what is missing is applied once. In a two-way channel its own capture stops (`SOURCE_BEHIND`)',
        test: [
          positions,
          'a target that is restored with its checkpoint gets what it lost once; one that lost its row is not begun anew, also without the mark',
        ],
      },
      {
        what: 'an older backup, with `lutra`',
        beside: 'retention has removed the later records',
        stop: ['LOG_START_LOST'],
        says: 'seed it again',
        test: [log, 'passed by retention before the loader was there stops the loader'],
      },
      {
        what: 'an older backup of the tables alone',
        beside: '`lutra.checkpoint` is intact',
        stop: 'limit',
        says: 'the checkpoint says that everything is applied. Rewind the pipeline to the position of the backup, or seed the tables again',
        test: null,
      },
      {
        what: 'emptied, or without its row in `lutra.checkpoint`',
        beside: 'ZooKeeper’s entry of its uid',
        stop: ['CHECKPOINT_MISSING'],
        says: 'only the row says what was applied',
        test: [target, 'whose row is gone is never begun anew'],
      },
      {
        what: 'seeded from a dump of another server that brought its own `lutra` schema',
        beside: 'ZooKeeper’s entry of its uid',
        stop: ['CHECKPOINT_MISSING'],
        says: 'the dump has overwritten the row; rows of other pipelines do no harm. Dump without `lutra`',
        test: [target, 'whose row is gone is never begun anew'],
      },
      {
        what: 'a replica that was promoted, or a clone of the target, with `lutra`',
        beside: 'all else',
        stop: null,
        says: 'its checkpoint fits its data, also if it lags',
        test: [
          positions,
          'a target that is restored with its checkpoint gets what it lost once; one that lost its row is not begun anew, also without the mark',
        ],
      },
      {
        what: 'a row of `lutra.checkpoint` of this pipeline from elsewhere',
        beside: 'data of another moment, in the same log',
        stop: 'limit',
        says: 'Lutra cannot see that checkpoint and data do not belong together. Never load `lutra` without the tables of the same moment',
        test: null,
      },
    ],
  },
  {
    title: 'The configuration',
    positions: [
      {
        what: 'a pipeline removed and created again, under its old name or another one',
        beside: 'its old checkpoint, the topic of its endpoint',
        stop: ['LOG_START_UNKNOWN'],
        says: 'it has another uid, so it starts where you say, and the log proves the position',
        test: [uids, 'leaves its name to a new one, which begins where it is told and not at the old position'],
      },
      {
        what: 'a pipeline removed and created again with `adopt`',
        beside: 'its old checkpoint; the log has held its tables ever since',
        stop: null,
        says: 'it continues at the old checkpoint',
        test: [uids, 'is adopted by a new one, which goes on at its position; each row comes once'],
      },
      {
        what: 'a pipeline removed and created again with `adopt`',
        beside: 'another channel kept its topic in use, without its tables',
        stop: ['LOG_LACKS_TABLES'],
        says: 'later changes of them are in no topic: start it as a new one',
        test: [uids, 'is not adopted past what its log has left out: that is said before a row is applied'],
      },
      {
        what: 'a pipeline removed and created again with `adopt`',
        beside: 'another pipeline has brought rows from the same source to the same target since',
        stop: ['CONFIG_CONFLICT'],
        says: 'they would be applied again (`adopt-superseded`)',
        test: [uids, 'is adopted also behind one that took its name and applied nothing; not behind one that did'],
      },
      {
        what: 'the loader of a removed pipeline, which slept and wakes',
        beside: 'the row of the removed pipeline',
        stop: ['FENCED'],
        says: 'its epoch was raised at the removal, or before the first row of the new one',
        test: [apply, 'the owner of a pipeline that was removed cannot write any more, whoever owns the next one; the position stays'],
      },
      {
        what: 'a pipeline that is new on a topic in use',
        beside: 'the topic of its endpoint',
        stop: ['LOG_START_UNKNOWN'],
        says: 'it starts where you say, and the log proves the position',
        test: [positions, 'a pipeline that is new on an old topic begins where it is said, behind the dump'],
      },
      {
        what: 'a second target, or another channel, on an endpoint in use',
        beside: 'the topic of its endpoint',
        stop: ['LOG_START_UNKNOWN'],
        says: 'the same, whatever tables it replicates',
        test: [loader, 'does not begin in a log that was begun for others, whatever tables that holds'],
      },
      {
        what: 'a pipeline that was given another source',
        beside: 'its checkpoint',
        stop: ['LOG_FOREIGN'],
        says: 'the checkpoint names the log of the previous source',
        test: [log, 'a record of another log, as a mirror would bring: both ends stop'],
      },
      {
        what: 'a pipeline that was given another target',
        beside: 'ZooKeeper’s entry of its uid',
        stop: ['CHECKPOINT_MISSING'],
        says: 'the new target has no row of it',
        test: [target, 'whose row is gone is never begun anew'],
      },
      {
        what: 'a table that was removed from the routes and is added again',
        beside: 'the topic',
        stop: ['CONFIG_CONFLICT'],
        says: 'later changes of it are in no topic: use `?force=true` once it is seeded again',
        test: [rest, 'take a table that left and comes in again only when told that it is seeded anew'],
      },
      {
        what: 'a table that is added for the first time',
        beside: 'the topic',
        stop: null,
        says: 'replicated from the `routes` record on ([which rows](02-setup.md#tables-that-come-and-go-while-a-channel-runs))',
        test: ['test/scenarios/tables.e2e.test.ts', 'is replicated both ways from when the status says so'],
      },
    ],
  },
];
