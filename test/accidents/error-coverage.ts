/**
 * Where each error code is produced on real servers, and its advice followed until all runs again; kept complete by error-coverage.test.ts.
 * A code that cannot be produced on purpose in the whole product says why, and where it is produced in a part of it.
 */
import type { ErrorCode } from '@lutra/model';

/** `title`: a part of the test's name. */
interface TestName {
  readonly file: string;
  readonly title: string;
}

/** followed: what the help says is done, and everything arrives · shown: it is produced and told; why nobody follows its advice there. */
export type ErrorCoverage =
  | ({ readonly is: 'followed' } & TestName)
  | ({ readonly is: 'shown'; readonly why: string } & TestName)
  | { readonly is: 'not produced'; readonly why: string };

const accidents = (name: string, title: string): ErrorCoverage => ({ is: 'followed', file: `test/accidents/${name}.e2e.test.ts`, title });
const long = (name: string, title: string): ErrorCoverage => ({ is: 'followed', file: `test/accidents/${name}.long.test.ts`, title });
const followed = (file: string, title: string): ErrorCoverage => ({ is: 'followed', file, title });
const shown = (file: string, title: string, why: string): ErrorCoverage => ({ is: 'shown', file, title, why });

const control = (name: string): string => `apps/control/test/${name}.integration.test.ts`;
const oneWay = 'test/files/one-way.e2e.test.ts';
const ofRoots = 'roots are of the environment: a files app begins anew with others';
const byItself = 'it needs nobody: the test sees that it passes';

export const errorCoverage: Readonly<Record<ErrorCode, ErrorCoverage>> = {
  ABORTED: { is: 'not produced', why: 'no status shows it: work that was ended reports nothing any more' },
  INTERNAL: { is: 'not produced', why: 'whatever is known to bring it about gets a code of its own' },
  CONFIG_INVALID: followed('libs/model/src/config.test.ts', 'is told to be a path'),
  CONFIG_MISSING: followed(control('rest'), 'are created, listed, read, replaced and removed, with their versions'),
  CONFIG_BEHIND: shown('apps/loader/src/loader.pipeline.test.ts', 'CONFIG_BEHIND', byItself),
  CONFIG_REGRESSED: accidents('regressed-tree', 'with all apps started anew: each stops by name, no row is applied; adopted, they go on'),
  CONFIG_CONFLICT: followed(control('check'), 'is held up by what a server lacks, and by nothing else'),
  NOT_ALLOWED: followed(control('access'), 'is refused below its role, and granted with it'),
  PLAN_OUTDATED: followed(control('plan'), 'an outdated plan is refused, and the new one applied'),
  PLAN_UNCONFIRMED: followed(control('plan'), 'a plan that stops much repeats its counts'),
  PLAN_TOO_LARGE: followed(control('plan'), 'what does not fit is applied in parts'),
  SECRET_UNREADABLE: long('advice', 'a process without the key is started with it'),
  SECRET_MISSING: followed(control('secrets'), 'is opened where it leads, and told where it leads nowhere'),
  SERVER_UNTRUSTED: followed(
    'libs/binlog/src/failure.integration.test.ts',
    'logs in elsewhere without TLS only where it knows the key of the server',
  ),
  ZOOKEEPER_UNAVAILABLE: followed('test/survival/zookeeper-down.e2e.test.ts', 'without ZooKeeper'),
  ZOOKEEPER_DENIED: long('advice', 'the app that has another digest gets the one of the others'),
  LEASE_LOST: followed('test/survival/take-over.e2e.test.ts', 'a frozen capture and loader are replaced, and stand by when they wake'),
  LEVEL_TOO_NEW: long('rolling-upgrade', 'does no work, holds no lease, and goes on when it is replaced'),
  LEVEL_TOO_OLD: followed('libs/host/src/level/cluster-level.test.ts', 'below what it can write'),
  KAFKA_UNAVAILABLE: accidents('back-pressure', 'that hears and is not heard'),
  KAFKA_REFUSED: followed('libs/bus/src/wire.test.ts', 'trusts the authority that it is given'),
  KAFKA_DENIED: followed('libs/bus/src/sasl.integration.test.ts', 'finds a new password at the next connection'),
  TOPIC_MISSING: shown(
    'libs/bus/src/subscription.integration.test.ts',
    'says so when the topic was never there, is deleted, or is created again',
    'a loader waits for capture to create it, as at each start; of a topic that was deleted LOG_RECREATED is followed',
  ),
  TOPIC_CONFIG: accidents('log', 'with a cleanup that would remove rows stops capture until it is set back'),
  RECORD_TOO_LARGE: accidents('log', 'too narrow for a row stops capture until it is widened'),
  SCHEMA_UNKNOWN: followed('libs/avro/test/refusals.test.ts', 'and read once the registry has it'),
  SCHEMA_REGISTRY_UNAVAILABLE: shown('libs/registry/src/http-schemas.test.ts', 'that is away or overloaded is tried again', byItself),
  SCHEMA_REGISTRY_REFUSED: shown(
    'libs/registry/src/http-schemas.test.ts',
    'one that refuses is not',
    'its reasons are those of a foreign product',
  ),
  RECORD_INVALID: accidents('endpoint-recovery', 'makes a new log where a stranger has written into the old one'),
  LOG_GAP: accidents('log', 'a record of this log that leaves a hole'),
  LOG_FOREIGN: accidents('log', 'a record of another log, as a mirror would bring'),
  LOG_TRUNCATED: long('advice', 'a pipeline that stopped alone goes on at the end, a capture that stopped with a new log'),
  LOG_RECREATED: accidents('endpoint-recovery', 'makes a new log where a stranger has written into the old one'),
  LOG_EMPTIED: accidents('log', 'emptied while capture was down is not a new one'),
  LOG_START_UNKNOWN: accidents('stale-positions', 'a pipeline that is new on an old topic begins where it is said'),
  LOG_LACKS_TABLES: accidents('stale-positions', 'a channel that was removed does not come back with a backup'),
  LOG_START_LOST: accidents('pipeline-recovery', 'at the end goes on behind what was lost'),
  SOURCE_UNAVAILABLE: accidents('failover', 'is told by name without it and with a wrong authority'),
  SOURCE_SILENT: shown('libs/binlog/src/silent-source.integration.test.ts', 'is told from an idle one', byItself),
  SOURCE_DENIED: accidents('source', 'changes the password'),
  SOURCE_SETTINGS: accidents('disk', 'publishes nothing, although the start was forced'),
  SOURCE_PURGED: accidents('endpoint-recovery', 'where the source has purged what comes next'),
  SOURCE_BEHIND: accidents('failover', 'that is behind stops with its name'),
  SERVER_ID_TAKEN: accidents('source', 'read under our server id by another'),
  XA_ROWS_MISSING: long('advice', 'the rows are brought by hand, and the log goes on behind the commit that the status names'),
  BINLOG_DECODE: shown(
    'libs/binlog/src/failure.integration.test.ts',
    'never goes on in a binlog that was reset under it',
    'a server does not write a binlog that it cannot read',
  ),
  BINLOG_UNSUPPORTED: accidents('endpoint-recovery', 'goes behind a transaction that cannot be read'),
  COLUMN_UNSUPPORTED: accidents('source', 'in a column that is not supported stops capture'),
  VALUE_UNSUPPORTED: long('advice', 'the value is changed at its writer, the target brought in line, and the transaction skipped'),
  SESSION_UNSUPPORTED: shown(
    'libs/mysql/src/source-session.integration.test.ts',
    'that the target does not know is refused by name',
    'what it takes (a system zone, zone tables) is of the machine',
  ),
  DDL_UNSUPPORTED: shown(
    'apps/capture/src/stream/schema-change.test.ts',
    'cannot be published below level 3',
    'a cluster below level 3 has processes of an earlier build: rolling-upgrade raises its level',
  ),
  DDL_HELD: accidents('source', 'as a schema change holds the pipeline alone; done at the target too, everything arrives'),
  LOOP_DETECTED: accidents('loops', 'whose marker stands behind its rows stops capture, which goes on behind it on order'),
  TARGET_UNAVAILABLE: accidents('failover', 'is told by name without it and with a wrong authority'),
  TARGET_FULL: accidents('disk', 'without room makes the loader wait'),
  TARGET_BUSY: accidents('advice', 'who waits for a lock, or for a capture that does not publish'),
  TARGET_CHANGED: accidents('target', 'there alone, while rows flow: no row of it is lost'),
  TARGET_DENIED: accidents('target', 'takes a right away'),
  TARGET_READ_ONLY: accidents('target', 'is read-only for a while: goes on by itself'),
  TARGET_SETTINGS: accidents('target', 'takes texts of one megabyte only'),
  TABLE_MISSING: accidents('target', 'that is missing'),
  COLUMN_MISSING: accidents('target', 'that lacks a column, from the start or suddenly'),
  ENGINE_UNSUPPORTED: accidents('advice', 'ENGINE_UNSUPPORTED: the statement of the check fixes the table'),
  TABLE_SUSPENDED_BY_PERSON: accidents('life', 'a table that a person suspends comes back by a seed, with its rows of meanwhile'),
  TABLE_SUSPENDED: long('advice', 'in a channel that says stop: goes on with suspend or without the table, which comes back'),
  SEED_ROW_EXISTS: followed('apps/loader/src/seed/seed-one-way.integration.test.ts', 'stop: the row is named, and nothing is written'),
  SEED_TABLE_REFUSED: followed('libs/mysql/src/create-table.integration.test.ts', 'what cannot be created says why'),
  SEED_REFUSED: shown(
    'apps/capture/src/seed/seeding.fixture.ts',
    'says which table it cannot read',
    'the table is out of the order, or has a key: either is another order',
  ),
  SEED_WAITS: shown('apps/capture/src/seed/key-chunks.integration.test.ts', 'another server', byItself),
  ROW_CONFLICT: accidents('advice', 'ROW_CONFLICT over a foreign key names it'),
  CONFLICT_HISTORY_LOST: long('advice-both-ways', 'both sides are compared, and the pipeline goes on at the end'),
  CAPTURE_BEHIND: accidents('advice', 'who waits for a lock, or for a capture that does not publish'),
  TRIGGER_UNGUARDED: followed('apps/loader/src/target-definitions.integration.test.ts', 'and what the check says fixes it'),
  APPLY_REFUSED: accidents('target', 'that refuses a row'),
  FILE_MISSING: shown(
    'apps/loader/src/files/files.pipeline.test.ts',
    'stops at a row whose file is missing, and commits all before it',
    'what is put there while a row waits is taken by itself: test/files/one-way.e2e.test.ts; a retry asks the same',
  ),
  FILE_UNSTABLE: shown('apps/files/src/fetch/stage.test.ts', 'is unstable where it changed whenever it was fetched', byItself),
  FILE_PATH_INVALID: followed(oneWay, 'stops by name'),
  FILE_HASH_MISMATCH: followed(oneWay, 'goes on when'),
  FILE_TOO_BIG: shown('apps/files/src/fetch/stage.test.ts', 'is refused by name: too big, another root', ofRoots),
  FILE_ROOT_UNKNOWN: shown('apps/files/src/fetch/stage.test.ts', 'is refused by name: too big, another root', ofRoots),
  FILES_UNAVAILABLE: shown('apps/files/src/fetch/stage-trouble.test.ts', 'is told after a while', byItself),
  FILES_DISK_FULL: shown(
    'apps/files/src/place/real-disk.integration.test.ts',
    'a full disk is told, and nothing is placed on it',
    byItself,
  ),
  FILES_REFUSED: shown(
    'apps/files/src/serve/serving.test.ts',
    'FILES_REFUSED',
    'the secret is that of the whole cluster: SECRET_UNREADABLE',
  ),
  FENCED: accidents('target', 'whose epoch is edited fences the loader, which takes over again'),
  CHECKPOINT_MISSING: accidents('pipeline-recovery', 'when its beginning is cut and the row is gone'),
  CHECKPOINT_INVALID: accidents('target', 'whose table is gone'),
};
