import type { LogPosition, Seen } from '@lutra/model';
import { Metrics } from '@lutra/telemetry';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { kept, running } from '../../../../../test/servers/index.js';
import { Peers } from './peers.js';
import type { PeersOptions } from './peers.js';
import { PeerTopic, row, rowConflictKey, table } from './peer-topic.fixture.js';

const server = kept.kafka;

beforeAll(async () => {
  await running(server);
});
/** The target's own log in region here; that of a third region, carried here by c.third. */
describe('the logs of those who write the same tables', () => {
  let own: PeerTopic;
  let third: PeerTopic;
  let ended: AbortController;
  let peers: Peers;
  let written: string[];
  /** What c.third has applied here, at each look; the last one from then on. */
  let applied: (LogPosition | null)[];
  /** What others commit at the target before a watermark. */
  let before: () => Promise<void>;

  beforeEach(async () => {
    [own, third] = [await PeerTopic.create(server), await PeerTopic.create(server, 'M')];
    [ended, written, applied, before] = [new AbortController(), [], [null], async () => undefined];
    return async () => {
      ended.abort();
      await Promise.all([own.close(), third.close(), peers.close()]);
    };
  });
  afterEach(() => ended.abort());

  /** Stands for lutra.signal and the capture of the target. */
  const watermark: PeersOptions['watermark'] = {
    write: async () => {
      const token = `1-${written.length}`;
      written.push(token);
      await before();
      await own.watermark(token);
      return token;
    },
    query: async () => {
      const at = applied.length > 1 ? applied.shift() : applied[0];
      return at ? [{ log_id: at.log, seq: String(at.seq) }] : [];
    },
    close: async () => undefined,
  };

  function between(all: readonly ('own' | 'other' | 'third')[]): Peers {
    const logs = {
      own: { region: 'here', toSource: 'c.back', pipeline: null, log: own.options(ended.signal) },
      other: { region: 'here', toSource: 'c.other', pipeline: null, log: own.options(ended.signal) },
      third: { region: 'third', toSource: 'c.direct', pipeline: 'c.third', log: third.options(ended.signal) },
    };
    const metrics = new Metrics('loader', { processMetrics: false });
    return (peers = new Peers({
      peers: all.map((name) => logs[name]),
      watermark,
      name: 'c.p',
      metrics,
      onWaiting: () => undefined,
      requireWanted: () => undefined,
      during: (_, work) => work(),
      signal: ended.signal,
    }));
  }
  const seenOwn = (seq: number): Seen => ({ 'c.back': { log: own.log, seq } });
  const changed = (ids: readonly number[], seen: Seen): readonly number[] =>
    ids.filter((id) => peers.changedAfter(rowConflictKey(id), seen) !== null);

  test('what was committed before the watermark is known when the index of recent changes is complete', async () => {
    await own.rows(row(1), row(2));
    between(['own']);
    await peers.open([seenOwn(0)]);
    expect(changed([1, 2, 3], seenOwn(0))).toEqual([2]);
    before = async () => own.rows(row(3));
    await peers.complete(true);
    expect(changed([1, 2, 3], seenOwn(0))).toEqual([2, 3]);
    expect([1, 2, 3].filter((id) => peers.changedHere(rowConflictKey(id), seenOwn(1)))).toEqual([3]);
  });

  test('what another pipeline had brought is not seen by this one; older logs say it by region', async () => {
    await own.rows(row(1), row(2));
    between(['own']);
    const [ahead, behind] = [
      { log: own.log, seq: 1 },
      { log: own.log, seq: 0 },
    ];
    const seen: Seen = { 'other.back': ahead, here: ahead, 'c.back': behind };
    await peers.open([seen]);
    expect(changed([1, 2], seen)).toEqual([2]);
    expect([changed([1, 2], { here: behind }), changed([1, 2], { here: ahead })]).toEqual([[2], []]);
  });

  test('two pipelines carry the target’s changes back: one watermark for both, each with what was seen by it', async () => {
    await own.rows(row(1), row(2));
    between(['own', 'other']);
    const seen: Seen = { ...seenOwn(1), 'c.other': { log: own.log, seq: 0 } };
    await peers.open([seen]);
    const asked = written.length;
    before = async () => own.rows(row(3));
    await peers.complete(true);
    expect(written.length).toBe(asked + 1);
    expect(changed([1, 2, 3], seen), 'both read all tables here').toEqual([2, 3]);
  });

  test('nothing is asked for where nothing would change, and where nobody else writes', async () => {
    await own.rows(row(1));
    between(['own']);
    await peers.open([{}]);
    const asked = written.length;
    await peers.complete(false);
    expect([written.length, peers.none]).toEqual([asked, false]);
    between([]);
    await peers.open([{}]);
    await peers.complete(true);
    expect([written.length, peers.none, peers.changedAfter(rowConflictKey(1), {}), peers.changedHere(rowConflictKey(1), {})]).toEqual([
      asked,
      true,
      null,
      false,
    ]);
  });

  test('of several transactions the one that has seen least says where to begin', async () => {
    await own.rows(row(1), row(2), row(3));
    for (const seen of [
      [seenOwn(2), seenOwn(0)],
      [seenOwn(2), {}],
    ]) {
      between(['own']);
      await peers.open(seen);
      expect(changed([2, 3], seenOwn(0))).toEqual([2, 3]);
      expect(changed([2, 3], seenOwn(1))).toEqual([3]);
    }
  });

  test('what comes has seen less than what was discarded: the index of recent changes is opened anew', async () => {
    await own.rows(row(1), row(2), row(3));
    between(['own']);
    await peers.open([seenOwn(0)]);
    peers.discard(seenOwn(2));
    await peers.open([seenOwn(0)]);
    expect(changed([1, 2, 3], seenOwn(0))).toEqual([2, 3]);
    const opened = written.length;
    peers.discard(seenOwn(1));
    await peers.open([seenOwn(1)]);
    expect([written.length, changed([1, 2, 3], seenOwn(1))]).toEqual([opened, [3]]);
  });

  test('what the target dropped counts behind what was seen, whoever said it first but the source; and is known up to now', async () => {
    const places = [['subject', 't']] as const;
    await own.rows(row(1));
    await own.ddl('ALTER TABLE t DROP a', places);
    await own.ddl('ALTER TABLE t DROP b', places, ['elsewhere', 'here']);
    await own.ddl('ALTER TABLE t DROP c', places, ['there', 'here']);
    await own.ddl('ALTER TABLE other DROP d', [['subject', 'other']]);
    between(['own']);
    const dropped = (seen: Seen): readonly number[] => peers.dropped(table, seen, true).map(({ seq }) => seq);
    await peers.open([seenOwn(0)]);
    expect([peers.dropless, dropped(seenOwn(0)), dropped(seenOwn(1)), dropped(seenOwn(2))]).toEqual([false, [1, 2], [2], []]);
    expect([dropped({}), dropped({ 'c.back': { log: 'gone', seq: 0 } })], 'nobody knows what it has seen').toEqual([[], []]);
    await own.ddl('DROP TABLE t', places);
    for (const isOpen of [true, false]) {
      const asked = written.length;
      await peers.upToNow({ seen: seenOwn(2), isOpen });
      expect([dropped(seenOwn(2)).length, written.length]).toEqual([1, asked + 1]);
    }
    expect(peers.dropped(table, seenOwn(2), true)).toMatchObject([{ title: 'DROP TABLE shop.t', does: { kind: 'table' } }]);
    peers.discard(seenOwn(99));
    expect(peers.dropless).toBe(true);
  });

  test('who asks while the log is being opened waits for that', async () => {
    await own.rows(row(1), row(2));
    between(['own']);
    await Promise.all([peers.open([seenOwn(0)]), peers.open([seenOwn(1)]), peers.upToNow({ seen: seenOwn(1), isOpen: false })]);
    expect(changed([1, 2], seenOwn(0))).toEqual([2]);
  });

  test('a third region: its changes count, but not as changes here', async () => {
    await own.rows(row(1));
    await third.rows(row(5), row(6));
    applied = [{ log: third.log, seq: 1 }];
    between(['own', 'third']);
    const seen = { ...seenOwn(0), 'c.direct': { log: third.log, seq: 0 } };
    await peers.open([seen]);
    await peers.complete(true);
    expect(changed([1, 5, 6], seen)).toEqual([6]);
    expect(peers.changedHere(rowConflictKey(6), seen)).toBe(false);
  });

  test('a third region: what the transaction had seen of it must have been applied here first', async () => {
    await own.rows(row(1));
    await third.rows(row(5), row(6));
    const at = (seq: number): LogPosition => ({ log: third.log, seq });
    applied = [null, { log: 'elsewhere', seq: 9 }, at(-1), at(0), at(1)];
    between(['own', 'third']);
    const ways: string[] = [];
    const makeWay = async (): Promise<void> => void ways.push('made');
    await peers.follow({ ...seenOwn(0), 'c.direct': at(1) }, makeWay);
    expect(applied).toEqual([at(1)]);
    expect(ways).toEqual(['made']);
    applied = [null];
    await peers.follow({ ...seenOwn(0), 'c.direct': at(0) }, makeWay);
    expect(ways, 'what is known to be applied is not waited for').toEqual(['made']);
  });

  test('a third region: a log that was made anew since is not waited for', async () => {
    await own.rows(row(1));
    await third.rows(row(5));
    applied = [{ log: 'elsewhere', seq: 9 }];
    between(['own', 'third']);
    const following = peers.follow({ ...seenOwn(0), 'c.direct': { log: 'gone', seq: 7 } }, async () => undefined);
    await expect(following).resolves.toBeUndefined();
  });

  test('a third region: all that was applied here has been read when the index of recent changes is complete', async () => {
    await own.rows(row(1));
    await third.rows(row(5));
    between(['own', 'third']);
    const seen = { ...seenOwn(0), 'c.direct': { log: third.log, seq: 0 } };
    applied = [{ log: third.log, seq: 0 }];
    await peers.open([seen]);
    await third.rows(row(6), row(7));
    applied = [{ log: third.log, seq: 2 }];
    await peers.complete(true);
    expect(changed([5, 6, 7], seen)).toEqual([6, 7]);
  });

  test('the run ends while a third region’s changes are waited for', async () => {
    await own.rows(row(1));
    await third.rows(row(5));
    between(['own', 'third']);
    const opening = peers.follow({ ...seenOwn(0), 'c.direct': { log: third.log, seq: 0 } }, async () => undefined);
    ended.abort();
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
