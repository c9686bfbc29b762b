import { describe, expect, it } from 'vitest';
import type { SyncError } from '@lutra/model';
import { artificial, eventBytes, formatBody, gtidBody, insertBody, queryBody, tableMapBody, u64 } from './bytes.fixture.js';
import type { EventParts } from './bytes.fixture.js';
import { TransactionReader } from './transaction-reader.js';
import type { ReaderOptions } from './transaction-reader.js';
import type { ReadItem } from './transactions.js';

const uuid = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';
const session = { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 };
const defaults = { session, systemZone: '+00:00' };

/** A reader and a binlog that it reads: events are laid one behind the other. */
class Tape {
  readonly reader: TransactionReader;
  pos: number;

  constructor(options: Partial<ReaderOptions> = {}, pos = 4) {
    const facts = { flavor: 'mysql', charsets: new Map() } as const;
    const end = { file: 'binlog.000001', pos };
    this.reader = new TransactionReader({
      facts,
      start: { gtidSet: '' },
      end,
      gtidMode: true,
      session: defaults,
      wants: () => true,
      ...options,
    });
    this.pos = pos;
    this.read({ type: 4, body: Buffer.concat([u64(pos), Buffer.from('binlog.000001')]), flags: artificial });
    if (pos === 4) this.write({ type: 15, body: formatBody('9.7.0') });
    else this.read({ type: 15, body: formatBody('9.7.0') });
  }

  read(parts: EventParts): readonly ReadItem[] {
    return this.reader.read(eventBytes(parts)) as readonly ReadItem[]; // none of them is large
  }

  /** An event that stands in the file. */
  write(parts: EventParts): readonly ReadItem[] {
    this.pos += 19 + (parts.body?.length ?? 0) + 4;
    return this.read({ ...parts, next: this.pos });
  }

  begin(number: number): void {
    this.write({ type: 33, body: gtidBody(number) });
    this.write({ type: 2, body: queryBody('BEGIN') });
  }

  insert(ids: readonly number[]): ReadItem[] {
    return [...this.write({ type: 19, body: tableMapBody(5) }), ...this.write({ type: 30, body: insertBody(5, ids) })];
  }

  commit(): readonly ReadItem[] {
    return this.write({ type: 16, body: u64(1) });
  }

  heartbeat(position = this.pos, file = 'binlog.000001'): readonly ReadItem[] {
    return this.read({ type: 27, body: Buffer.from(file), next: position });
  }
}

/** Of a transaction with this gtrid, no bqual and format 1. */
function xaPrepareBody(gtrid: string): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32LE(1, 1);
  head.writeUInt32LE(gtrid.length, 5);
  return Buffer.concat([head, Buffer.from(gtrid)]);
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as SyncError).code;
  }
  return 'none';
}

describe('a transaction', () => {
  it('is a begin, its rows, and a commit with the set of all transactions so far', () => {
    const tape = new Tape({ start: { gtidSet: `${uuid}:1-4` } });
    const at = { file: 'binlog.000001', pos: tape.pos };
    tape.begin(5);
    expect(tape.insert([1, -2])).toMatchObject([
      { kind: 'begin', gtid: `${uuid}:5`, at, commitTimeUs: 1.7e15, serverId: 1 },
      {
        kind: 'rows',
        op: 'c',
        rows: [
          { before: null, after: { id: 1 } },
          { before: null, after: { id: -2 } },
        ],
      },
    ]);
    expect(tape.commit()).toEqual([
      { kind: 'commit', end: { file: 'binlog.000001', pos: tape.pos, gtidSet: `${uuid}:1-5`, fileCreated: 1_700_000_000 } },
    ]);
  });

  it('is a begin and a commit even if it is empty', () => {
    const tape = new Tape();
    tape.begin(1);
    expect(tape.write({ type: 2, body: queryBody('COMMIT') }).map(({ kind }) => kind)).toEqual(['begin', 'commit']);
  });

  it('shows no rows of a table that is not wanted', () => {
    let filtered = 0;
    const tape = new Tape({ wants: () => false, onFiltered: () => (filtered += 1) });
    tape.begin(1);
    expect([...tape.insert([1]), ...tape.insert([2]), ...tape.commit()].map(({ kind }) => kind)).toEqual(['begin', 'commit']);
    expect(filtered).toBe(2);
  });

  it('shows rows of what is wanted from the next one on, and an XA transaction that was prepared before is found again in the binlog', () => {
    let now = { filter: 0, wants: false };
    const tape = new Tape({ wants: () => now.wants, filter: () => now.filter });
    const kinds = (items: readonly ReadItem[]): readonly string[] => items.map(({ kind }) => kind);
    tape.begin(1);
    expect(kinds([...tape.insert([1]), ...tape.commit()])).toEqual(['begin', 'commit']);
    const start = { file: 'binlog.000001', pos: tape.pos };
    const xid = "X'67',X'',1";
    tape.write({ type: 33, body: gtidBody(2) });
    tape.write({ type: 2, body: queryBody(`XA START ${xid}`) });
    tape.insert([2]);
    tape.write({ type: 2, body: queryBody(`XA END ${xid}`) });
    expect(kinds(tape.write({ type: 38, body: xaPrepareBody('g') }))).toEqual(['heartbeat']);
    now = { filter: 1, wants: true };
    tape.begin(3);
    expect(kinds([...tape.insert([3]), ...tape.commit()])).toEqual(['begin', 'rows', 'commit']);
    tape.write({ type: 33, body: gtidBody(4) });
    expect(tape.write({ type: 2, body: queryBody(`XA COMMIT ${xid}`) })).toMatchObject([{ kind: 'elsewhere', start }, { kind: 'commit' }]);
  });

  it('may end with a rollback only if it has no rows', () => {
    const tape = new Tape();
    tape.begin(1);
    expect(tape.write({ type: 2, body: queryBody('ROLLBACK') }).map(({ kind }) => kind)).toEqual(['begin', 'commit']);
    tape.begin(2);
    tape.insert([1]);
    expect(codeOf(() => tape.write({ type: 2, body: queryBody('ROLLBACK') }))).toBe('BINLOG_UNSUPPORTED');
  });
});

describe('what does not fit', () => {
  const inTransaction = (work: (tape: Tape) => unknown): string => {
    const tape = new Tape();
    tape.begin(1);
    return codeOf(() => work(tape));
  };

  it('is an event of a type that is not known to be harmless', () => {
    const known = new Set([
      2, 3, 4, 5, 9, 11, 13, 14, 15, 16, 17, 18, 19, 23, 24, 25, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 41, 42, 160, 161, 162, 163,
      164,
    ]);
    const others = Array.from({ length: 256 }, (_, type) => type).filter((type) => !known.has(type));
    expect(others.filter((type) => inTransaction((tape) => tape.write({ type, body: Buffer.alloc(50) })) !== 'BINLOG_UNSUPPORTED')).toEqual(
      [],
    );
  });

  it('are rows or an end outside a transaction', () => {
    expect(codeOf(() => new Tape().insert([1]))).toBe('BINLOG_DECODE');
    expect(codeOf(() => new Tape().commit())).toBe('BINLOG_DECODE');
    const tape = new Tape();
    tape.write({ type: 33, body: gtidBody(1) });
    expect(codeOf(() => tape.insert([1]))).toBe('BINLOG_DECODE');
  });

  it('are rows without a table map, also if another transaction had one', () => {
    const tape = new Tape();
    tape.begin(1);
    tape.insert([1]);
    tape.commit();
    tape.begin(2);
    expect(codeOf(() => tape.write({ type: 30, body: insertBody(5, [1]) }))).toBe('BINLOG_DECODE');
  });

  it('is a transaction that another one, another file or a stop follows', () => {
    expect(inTransaction((tape) => tape.begin(2))).toBe('BINLOG_DECODE');
    expect(inTransaction((tape) => tape.write({ type: 3 }))).toBe('BINLOG_DECODE');
    expect(inTransaction((tape) => tape.write({ type: 4, body: Buffer.concat([u64(4), Buffer.from('binlog.000002')]) }))).toBe(
      'BINLOG_DECODE',
    );
    expect(inTransaction((tape) => tape.write({ type: 15, body: formatBody('9.7.0') }))).toBe('BINLOG_DECODE');
  });

  it('is a rows event whose bytes are not exactly its rows', () => {
    const rows = insertBody(5, [1, 2]);
    const after = (body: Buffer): string =>
      inTransaction((tape) => {
        tape.write({ type: 19, body: tableMapBody(5) });
        tape.write({ type: 30, body });
      });
    expect(after(rows)).toBe('none');
    const cuts = Array.from({ length: rows.length - 12 }, (_, i) => rows.subarray(0, rows.length - 1 - i));
    expect(cuts.filter((cut) => after(cut) !== 'BINLOG_DECODE').map(({ length }) => length)).toEqual([17]);
    expect(after(Buffer.concat([rows, Buffer.alloc(1)]))).toBe('BINLOG_DECODE');
  });

  it('is a gap between two events of a transaction', () => {
    expect(inTransaction((tape) => ((tape.pos += 10), tape.insert([1])))).toBe('BINLOG_DECODE');
    expect(inTransaction((tape) => tape.heartbeat(tape.pos + 10))).toBe('BINLOG_DECODE');
  });

  it('is a gap between transactions, unless the server leaves out what we have', () => {
    const fromGtids = new Tape({ end: { file: 'binlog.000001', pos: 10_000 } });
    fromGtids.pos += 1000;
    fromGtids.begin(7);
    expect(fromGtids.commit().at(-1)).toMatchObject({ end: { pos: fromGtids.pos } });
    const fromFile = new Tape({ start: { file: 'binlog.000001', pos: 4 } });
    fromFile.pos += 1000;
    expect(codeOf(() => fromFile.begin(1))).toBe('SOURCE_SILENT');
  });

  it('is a heartbeat of another file', () => {
    expect(codeOf(() => new Tape().heartbeat(4, 'binlog.000007'))).toBe('SOURCE_UNAVAILABLE');
  });

  it('is a heartbeat that lies behind: no jump to beyond the next 4 GiB', () => {
    const end = { file: 'binlog.000001', pos: 2 ** 33 };
    for (const pos of [4, 2 ** 32 - 100]) {
      const tape = new Tape({ end }, pos);
      expect(codeOf(() => tape.heartbeat((tape.pos + 200) % 2 ** 32))).toBe('none');
      expect(codeOf(() => tape.heartbeat((tape.pos + 199) % 2 ** 32))).toBe('SOURCE_UNAVAILABLE');
    }
  });

  it('leaves out what was not in the binlog when reading began: no GTID set that was sent holds it', () => {
    const tape = new Tape({ end: { file: 'binlog.000001', pos: 1000 } });
    expect(codeOf(() => tape.heartbeat(1000))).toBe('none');
    expect(codeOf(() => tape.heartbeat(1001))).toBe('SOURCE_SILENT');
    const behind = new Tape({ end: { file: 'binlog.000001', pos: 1000 } });
    behind.pos = 1000;
    expect(codeOf(() => behind.begin(7))).toBe('none');
    const beyond = new Tape({ end: { file: 'binlog.000001', pos: 1000 } });
    beyond.pos = 1001;
    expect(codeOf(() => beyond.begin(7))).toBe('SOURCE_SILENT');
  });

  it('says where', () => {
    const tape = new Tape();
    const { pos } = tape;
    expect(() => tape.insert([1])).toThrow(
      expect.objectContaining({ details: { file: 'binlog.000001', pos }, message: expect.stringContaining(`binlog.000001:${pos}`) }),
    );
  });
});

describe('positions', () => {
  it('go on beyond 4 GiB, where events only tell them modulo 2^32', () => {
    const tape = new Tape({ start: { file: 'binlog.000001', pos: 4 }, gtidMode: false }, 2 ** 32 - 100);
    tape.begin(1);
    tape.insert([1]);
    const [commit] = tape.commit();
    expect(tape.pos).toBeGreaterThan(2 ** 32);
    expect(commit).toMatchObject({ kind: 'commit', end: { pos: tape.pos, gtidSet: null } });
    expect(tape.heartbeat()).toMatchObject([{ kind: 'heartbeat', end: { pos: tape.pos } }]);
  });

  it('carry no GTID set once a transaction had no GTID', () => {
    const tape = new Tape();
    tape.write({ type: 34, body: gtidBody(0) });
    tape.write({ type: 2, body: queryBody('BEGIN') });
    expect(tape.commit()).toMatchObject([{ gtid: null }, { end: { gtidSet: null } }]);
    expect(tape.heartbeat()).toMatchObject([{ end: { gtidSet: null } }]);
  });

  it('of a start amid a file come with the GTIDs of the file before it', () => {
    const before = Buffer.concat([u64(1), Buffer.alloc(16, 0xaa), u64(1), u64(1), u64(10)]);
    const probe = new Tape();
    probe.write({ type: 35, body: before });
    probe.begin(10);
    probe.commit();
    const tape = new Tape({ start: { file: 'binlog.000001', pos: probe.pos } });
    expect(tape.write({ type: 35, body: before })).toEqual([]);
    // an event that stops a reader is none of our business before the start
    tape.write({ type: 33, body: gtidBody(10) });
    tape.write({ type: 2, body: queryBody('BEGIN') });
    expect(tape.commit()).toEqual([
      { kind: 'heartbeat', end: { file: 'binlog.000001', pos: probe.pos, gtidSet: `${uuid}:1-10`, fileCreated: 1_700_000_000 } },
    ]);
    tape.begin(11);
    expect(tape.commit()).toMatchObject([{ kind: 'begin' }, { end: { gtidSet: `${uuid}:1-11` } }]);
  });
});

it('a column of an unknown type, and rows that are refused, are told with their table; what spoils all tables is not', () => {
  const refused = (read: (tape: Tape) => unknown): SyncError => {
    const tape = new Tape();
    tape.begin(1);
    try {
      read(tape);
    } catch (error) {
      return error as SyncError;
    }
    return expect.unreachable();
  };
  const unknown = tableMapBody(5);
  unknown[15] = 200; // the type of its column
  const named = { code: 'COLUMN_UNSUPPORTED', details: { database: 'd', table: 't', file: 'binlog.000001' } };
  expect(refused((tape) => tape.write({ type: 19, body: unknown }))).toMatchObject(named);
  const withoutNames = tableMapBody(5).subarray(0, 18);
  const { code, details } = refused((tape) => tape.write({ type: 19, body: withoutNames }));
  expect([code, details['table']]).toEqual(['SOURCE_SETTINGS', undefined]);
});
