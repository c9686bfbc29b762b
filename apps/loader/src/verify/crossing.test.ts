import { expect, it } from 'vitest';
import { standstill, untilCrossed } from './crossing.js';
import { heldOf } from './held.js';
import type { CrossingIo, Published, Said, Way } from './crossing.js';

const { signal } = new AbortController();
const way = (source: string, target: string): Way => ({ name: `c.${source}-${target}`, uid: source, source, target });

/** Two servers whose binlogs are lists: a write is one entry, and an entry is published and applied where `step` says so. */
class Servers implements CrossingIo {
  readonly log: Record<string, (() => void)[]> = { a: [], b: [] };
  readonly inTopic: Record<string, number> = { a: 0, b: 0 };
  readonly applied: Record<string, number> = { a: 0, b: 0 };
  readonly said: Record<string, Partial<Said>> = {};
  server = 'uuid';
  /** Takes place at each look. */
  onLook: () => void = () => undefined;

  write(endpoint: string, applied: () => void = () => undefined): void {
    this.log[endpoint]?.push(applied);
  }

  step(endpoint: string): void {
    const at = this.applied[endpoint] ?? 0;
    this.log[endpoint]?.[at]?.();
    if (at < (this.log[endpoint]?.length ?? 0)) this.applied[endpoint] = at + 1;
    this.inTopic[endpoint] = this.applied[endpoint] ?? 0;
  }

  async end(endpoint: string) {
    return { file: 'binlog.000001', pos: this.log[endpoint]?.length ?? 0, server: 'uuid' };
  }

  async published(endpoint: string): Promise<Published> {
    this.onLook();
    const seq = this.inTopic[endpoint] ?? 0;
    return { position: { file: 'binlog.000001', pos: seq }, server: this.server, log: `log ${endpoint}`, seq };
  }

  async capture(endpoint: string): Promise<Said> {
    return { state: 'running', log: null, seq: null, error: null, ...this.said[`capture ${endpoint}`] };
  }

  async loader({ source }: Way): Promise<Said> {
    return { state: 'running', log: `log ${source}`, seq: this.applied[source] ?? 0, error: null, ...this.said[source] };
  }
}

const options = { ways: [way('a', 'b')], twoWay: false, signal, pollMs: 1 };

it('waits until what was written before it was called is applied', async () => {
  const servers = new Servers();
  servers.write('a');
  servers.write('a');
  servers.onLook = () => servers.step('a');
  expect(await untilCrossed(servers, options)).toBeNull();
  expect(servers.applied['a']).toBe(2);
});

/** The source writes between the positions and the reads: what is read then is on its way. */
it('positions that are taken before the reads let a row in flight differ in both looks, those behind them do not', async () => {
  const rows = { there: 0, here: 0 };
  const looked = async (order: 'positions first' | 'reads first'): Promise<boolean> => {
    const servers = new Servers();
    Object.assign(rows, { there: 0, here: 0 });
    const write = (): void => {
      rows.there = 1;
      servers.write('a', () => void (rows.here = 1));
    };
    const differs = (): boolean => rows.there !== rows.here;
    servers.onLook = () => order === 'reads first' && servers.step('a');
    // The naive order: the end of the file of before, which is applied already.
    if (order === 'positions first') {
      const end = await servers.end('a');
      write();
      const first = differs();
      expect(await untilCrossed({ ...bound(servers), end: async () => end }, options)).toBeNull();
      return first && differs();
    }
    write();
    const first = differs();
    expect(await untilCrossed(servers, options)).toBeNull();
    return first && differs();
  };
  expect(await looked('positions first')).toBe(true);
  expect(await looked('reads first')).toBe(false);
});

/** Home (a) refuses a change of b: its resolution stands in the binlog of a behind the position that was taken. */
it('both ways a second round waits for what home made of what arrived in the first one', async () => {
  const look = async (twoWay: boolean): Promise<boolean> => {
    const servers = new Servers();
    let here = 'b';
    servers.write('b', () => servers.write('a', () => void (here = 'a')));
    let looks = 0;
    servers.onLook = () => {
      looks += 1;
      servers.step('b');
      if (looks > 4) servers.step('a');
    };
    expect(await untilCrossed(servers, { ...options, ways: [way('a', 'b'), way('b', 'a')], twoWay })).toBeNull();
    return here === 'a';
  };
  expect(await look(false)).toBe(false);
  expect(await look(true)).toBe(true);
});

it('says why nothing arrives: a pipeline that has stopped, one that is slow, the binlog of another server', async () => {
  const servers = new Servers();
  servers.write('a');
  servers.inTopic['a'] = 1;
  const short = { ...options, withinMs: 20 };
  expect(await untilCrossed(servers, short)).toBe('pipeline c.a-b has not applied the log up to seq 1 in time');
  servers.said['a'] = { state: 'failed', error: 'ROW_CONFLICT' };
  expect(await untilCrossed(servers, options)).toBe('pipeline c.a-b stopped at seq 0: ROW_CONFLICT');
  servers.said['a'] = { state: 'paused' };
  expect(await untilCrossed(servers, options)).toBe('pipeline c.a-b is paused at seq 0');
  expect(await standstill(servers, options.ways)).toBe('pipeline c.a-b is paused at seq 0');
  servers.said['a'] = { log: 'another log', seq: 9 };
  expect(await untilCrossed(servers, short)).toMatch(/in time/);
  servers.inTopic['a'] = 0;
  expect(await untilCrossed(servers, short)).toBe('endpoint a has not published its binlog up to binlog.000001:1 in time');
  servers.said['capture a'] = { state: 'failed', error: 'BINLOG_PURGED' };
  expect(await untilCrossed(servers, options)).toBe('capture of endpoint a stopped: BINLOG_PURGED');
  expect(await standstill(servers, options.ways)).toBe('capture of endpoint a stopped: BINLOG_PURGED');
  servers.said['capture a'] = {};
  expect(await standstill(servers, options.ways)).toBeNull();
  servers.server = 'another';
  expect(await untilCrossed(servers, short)).toBe('endpoint a publishes the binlog of another server');
});

function bound(servers: Servers): CrossingIo {
  return {
    end: (endpoint) => servers.end(endpoint),
    published: (endpoint) => servers.published(endpoint),
    capture: (endpoint) => servers.capture(endpoint),
    loader: (of) => servers.loader(of),
  };
}

it('what holds at a schema change waits for a person, so nobody waits for it: it is named at once', async () => {
  const servers = new Servers();
  servers.write('a');
  servers.inTopic['a'] = 1;
  servers.said['a'] = { state: 'held', holdsAt: 'ALTER TABLE shop.t (policy)' };
  const why = 'pipeline c.a-b holds behind seq 0 at ALTER TABLE shop.t (policy), until that is answered';
  expect(await untilCrossed(servers, options)).toBe(why);
  expect(await heldOf([way('b', 'a'), way('a', 'b')], servers)).toBe(why);
  expect(await heldOf([way('b', 'a')], servers)).toBeNull();
  // What stands in front of it has arrived.
  servers.applied['a'] = 1;
  expect(await untilCrossed(servers, options)).toBeNull();
});
