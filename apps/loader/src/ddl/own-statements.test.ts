import type { RawRecord } from '@lutra/bus';
import { untilAbort } from '@lutra/runtime';
import { expect, it } from 'vitest';
import { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import type { LoaderDeps } from '../loader-run.js';
import { MemoryLog } from '../memory-log.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import type { Made, Place } from './ddl-record.fixture.js';
import { crosses, ownStatements, seenOfTarget } from './own-statements.js';
import type { OwnLogOptions } from './own-statements.js';

const back = [{ uid: uidOf('c.back'), routes: [{ schema: 'shop', table: '*' }] }];
const uid = back[0]!.uid;
const tables = [{ database: 'shop', name: 't' }];

/** A statement of south that had seen seq 7 of the target's log. */
function isCrossedBy(
  sql: string,
  places: readonly Place[],
  { seq = 8, log = 'L', ...more }: Made & { seq?: number; log?: string } = {},
): boolean {
  const record = ddlRecord('ALTER TABLE t ADD c INT', [['subject', 't']], {
    seen: { [uid]: { log: 'L', seq: 7 } },
    path: ['south'],
    origin: 'south',
  });
  return crosses({ record, region: 'south', tables, back }, [{ log, seq, record: ddlRecord(sql, places, more) }]);
}

it('what home has run on the table behind what the other side had seen crosses it', () => {
  const alter = 'ALTER TABLE t DROP c';
  const on: readonly Place[] = [['subject', 't']];
  expect(isCrossedBy(alter, on)).toBe(true);
  expect(isCrossedBy(alter, on, { seq: 7 })).toBe(false);
  expect(isCrossedBy(alter, on, { seq: 7, log: 'another' })).toBe(true);
  expect(isCrossedBy('ALTER TABLE u DROP c', [['subject', 'u']])).toBe(false);
  expect(isCrossedBy('DROP DATABASE shop', [['database', 'shop']])).toBe(true);
  expect(
    isCrossedBy('CREATE TABLE u LIKE t', [
      ['subject', 'u'],
      ['like', 't'],
    ]),
  ).toBe(false);
  expect(isCrossedBy('CALL p()', [], { doubt: 'nobody knows' })).toBe(true);
});

it('what came from there has run there', () => {
  const own = { path: ['south', 'north'], origin: 'north' };
  expect(isCrossedBy('ALTER TABLE t DROP c', [['subject', 't']], own)).toBe(false);
});

it('is read from the least on that a pipeline of the other side had seen', () => {
  const more = { uid: uidOf('c.more'), routes: [] };
  expect([seenOfTarget({ [uid]: { log: 'L', seq: 7 } }, back), seenOfTarget({ [uid]: { log: 'L', seq: 7 } }, [...back, more])]).toEqual([
    7, -1,
  ]);
});

/** A log in memory; what is not in it never comes. */
function logOf(
  schemas: MemoryIds,
  records: readonly RawRecord[],
  { start = 0, ...more }: Partial<OwnLogOptions> & { start?: number } = {},
): OwnLogOptions {
  const kafka = {
    admin: () => ({ offsets: async () => ({ start, end: records.length }), close: async () => undefined }),
    subscribe: async function* ({ offset, signal }: { offset: number; signal: AbortSignal }) {
      yield records.slice(offset);
      await untilAbort(signal).catch(() => undefined); // an abort is its end
    },
  };
  const deps = { io: { kafka }, schemas } as unknown as Pick<LoaderDeps, 'io' | 'schemas'>;
  const of = { topic: 't', bus: {} as OwnLogOptions['bus'], pipeline: uid, watermark: async () => 'now', patienceMs: 50 };
  return { deps, signal: new AbortController().signal, ...of, ...more };
}

it('all behind a place comes, up to the watermark; without it, or without the beginning, nobody can tell', async () => {
  const ids = new MemoryIds();
  const log = new MemoryLog({
    ids,
    topic: 't',
    origin: 'north',
    pipeline: uid,
    table: { database: 'shop', name: 't', columns: [], primaryKey: [] },
  });
  const ddl = () => log.ddl('ALTER TABLE t ADD c INT', { statement: 'ALTER TABLE', tables: [] });
  await log.led([]);
  const [first, second] = [await ddl(), await ddl()];
  await expect(ownStatements(logOf(ids, log.records), -1)).rejects.toMatchObject({ code: 'CAPTURE_BEHIND' });
  await log.watermark('now');
  await ddl();
  const seqs = async (after: number) => (await ownStatements(logOf(ids, log.records), after)).map(({ seq }) => seq);
  expect([await seqs(-1), await seqs(first)]).toEqual([[first, second], expect.arrayContaining([second])]);
  await expect(ownStatements(logOf(ids, log.records, { start: 3 }), 1)).rejects.toMatchObject({ code: 'CONFLICT_HISTORY_LOST' });
  const ended = AbortSignal.abort();
  await expect(ownStatements(logOf(ids, [], { signal: ended }), -1)).rejects.toMatchObject({ code: 'ABORTED' });
});
