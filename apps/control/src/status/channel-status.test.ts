import { replicationFingerprint } from '@lutra/model';
import type { WorkStatus } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { channelStatus } from './channel-status.js';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { workStatus } from '../../../../libs/model/src/work-status.fixture.js';

const channel = storedChannel({
  name: 'ab',
  state: 'running',
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }],
});

function worker(app: WorkStatus['app'], name: string, more: Partial<WorkStatus> = {}): WorkStatus {
  return workStatus({ app, name, lagMs: 0, updatedAt: 0, ...more });
}

const noOmissions = { count: 0, summary: null, items: [], confirmed: null };
const one = (workers: readonly WorkStatus[], state = channel.state) =>
  channelStatus({ ...channel, state }, workers, noOmissions).pipelines[0]!;

describe('channelStatus', () => {
  it('says of an end that works that the configuration in ZooKeeper is not the one that it works by', () => {
    const configuration = { revision: 7, write: 'aaaaaaaaaaaa', regressed: true };
    const status = one([worker('capture', 'a'), worker('loader', 'ab.there', { configuration })]);
    expect([status.state, status.source.reason, status.target.reason]).toEqual([
      'running',
      null,
      expect.stringMatching(/^CONFIG_REGRESSED/),
    ]);
    expect(one([worker('capture', 'a', { configuration: { ...configuration, regressed: false } })]).source.reason).toBeNull();
  });

  it('says absent, and who, where work is wanted and nobody does it', () => {
    const pipeline = one([worker('capture', 'a')]);
    expect(pipeline.state).toBe('absent');
    expect(pipeline.reason).toBe('no loader process for pipeline ab.there is connected');
    expect(pipeline.source.state).toBe('running');
    expect(one([], 'stopped').state).toBe('stopped');
  });

  it('says what is wanted of a pipeline, and nothing of the channel by one of which less is wanted', () => {
    const two = storedChannel({
      name: 'ab',
      state: 'running',
      pipelines: ['b', 'c'].map((target) => ({ name: target, source: 'a', target, routes: [{ schema: 'shop' }] })),
    });
    const workers = [worker('capture', 'a'), worker('loader', 'ab.b', { state: 'paused' }), worker('loader', 'ab.c')];
    const status = channelStatus({ ...two, wishes: { pipelines: { [uidOf('ab.b')]: 'paused' } } }, workers, noOmissions);
    expect([status.state, ...status.pipelines.map(({ desired, state }) => [desired, state])]).toEqual([
      'running',
      ['paused', 'paused'],
      ['running', 'running'],
    ]);
    const stopped = { ...two, wishes: { pipelines: { [uidOf('ab.b')]: 'stopped' as const } } };
    expect(channelStatus(stopped, [], noOmissions).pipelines.map(({ target }) => target.state)).toEqual(['stopped', 'absent']);
  });

  it('says at which schema change a pipeline holds, and why, without its text', () => {
    const hold = {
      log: 'L',
      seq: 7,
      record: 'x:1',
      reason: 'policy',
      message: 'the pipeline is told to stop',
      statement: 'ALTER TABLE',
      sql: "ALTER TABLE t ADD c INT DEFAULT 'secret'",
      here: null,
      tables: [{ database: 'shop', name: 't' }],
      ways: ['run', 'done', 'skip'],
      since: 5,
    } as const;
    const held = one([worker('capture', 'a'), worker('loader', 'ab.there', { state: 'held', hold })]);
    expect(held.state).toBe('held');
    expect(held.reason).toBe('holds at ALTER TABLE on shop.t (policy): the pipeline is told to stop');
    expect(held.held).toMatchObject({ reason: 'policy', seq: 7, ways: ['run', 'done', 'skip'] });
    expect(JSON.stringify(held.held)).not.toContain('secret');
    expect(
      one([worker('capture', 'a', { state: 'waiting', waitingFor: 'x' }), worker('loader', 'ab.there', { state: 'held', hold })]).state,
    ).toBe('held');
    expect(one([worker('capture', 'a'), worker('loader', 'ab.there', { hold })]).held).toBeNull();
  });

  it('shows the greater lag of the two, and none while one is unknown', () => {
    expect(one([worker('capture', 'a', { lagMs: 60_000 }), worker('loader', 'ab.there')]).lagMs).toBe(60_000);
    expect(one([worker('capture', 'a', { lagMs: null }), worker('loader', 'ab.there')]).lagMs).toBeNull();
  });

  it('shows the worker of the higher epoch, and who stands by', () => {
    const pipeline = one([
      worker('capture', 'a', { epoch: 3, instance: 'old:1' }),
      worker('capture', 'a', { epoch: 4, instance: 'new:1' }),
      worker('capture', 'a', { state: 'standby', epoch: null, instance: 'spare:1' }),
      worker('loader', 'ab.there'),
    ]);
    expect(pipeline.source.worker?.instance).toBe('new:1');
    expect(pipeline.source.standbys).toEqual(['spare:1']);
    expect(pipeline.state).toBe('running');
  });

  it('shows nothing of a process that worked for an earlier pipeline of the same name', () => {
    const [late, own] = ['ab.there before', 'ab.there'].map((text) => worker('loader', 'ab.there', { uid: uidOf(text), instance: text }));
    expect(one([worker('capture', 'a'), late!]).state).toBe('absent');
    expect(one([worker('capture', 'a'), late!, own!])).toMatchObject({
      uid: uidOf('ab.there'),
      target: { worker: { instance: 'ab.there' } },
    });
  });

  it('says why a worker that runs stands still: what it waits for, or what it tries again', () => {
    const waiting = one([worker('capture', 'a'), worker('loader', 'ab.there', { waitingFor: 'a lock, since 12:00' })]);
    expect(waiting).toMatchObject({ state: 'running', reason: 'waits for a lock, since 12:00' });
    const busy = { code: 'TARGET_BUSY', message: 'error 1205', help: 'x', at: 5, details: {} } as const;
    const again = one([worker('capture', 'a'), worker('loader', 'ab.there', { lastError: busy })]);
    expect(again).toMatchObject({ state: 'running', reason: 'tries again after TARGET_BUSY: error 1205' });
    expect(one([worker('capture', 'a'), worker('loader', 'ab.there')]).reason).toBeNull();
  });

  it('shows what the loader leaves out, and what capture has left out that the loader has not come to; of this channel alone', () => {
    const suspension = (name: string, database = 'shop') =>
      ({ database, name, code: 'COLUMN_UNSUPPORTED', message: '', where: '', at: 0 }) as const;
    const [known, next, others] = [suspension('t'), suspension('u'), suspension('t', 'crm')];
    const capture = worker('capture', 'a', { suspended: [{ ...known, where: 'f:4' }, next, others] });
    expect(one([capture, worker('loader', 'ab.there', { suspended: [known] })]).suspended).toEqual([known, next]);
    expect(one([capture]).suspended).toEqual([{ ...known, where: 'f:4' }, next]);
    // A process of an earlier version says nothing of it.
    const { suspended: _, ...old } = worker('loader', 'ab.there');
    expect(one([old as WorkStatus]).suspended).toEqual([]);
  });

  it('takes the worse end, with its reason and the latest error', () => {
    const error = { code: 'ROW_CONFLICT', message: 'a row', help: 'compare', at: 5, details: {} } as const;
    const older = { ...error, code: 'SOURCE_UNAVAILABLE', at: 3 } as const;
    const pipeline = one([
      worker('capture', 'a', { lastError: older }),
      worker('loader', 'ab.there', { state: 'failed', lastError: error }),
    ]);
    expect(pipeline).toMatchObject({ state: 'failed', reason: 'ROW_CONFLICT: a row', lastError: error });
    expect(one([worker('capture', 'a', { state: 'waiting', waitingFor: 'the source' }), worker('loader', 'ab.there')])).toMatchObject({
      state: 'waiting',
      reason: 'the source',
    });
  });

  it('does not mistake a loader of another pipeline for its own', () => {
    expect(one([worker('capture', 'a'), worker('loader', 'other.there')]).target.state).toBe('absent');
  });

  it('says that the routes are in force when both ends work with those of the document, and else who does not', () => {
    const now = { [uidOf('ab.there')]: replicationFingerprint({ routes: channel.pipelines[0]!.routes, forwards: false }) };
    const ends = (capture: WorkStatus['routes'], loader: WorkStatus['routes'], more: Partial<WorkStatus> = {}) =>
      one([worker('capture', 'a', { routes: capture }), worker('loader', 'ab.there', { routes: loader, ...more })]);
    expect(ends({ ...now, [uidOf('cd.x')]: 'another' }, now)).toMatchObject({ routes: 'in force', routesReason: null, state: 'running' });
    expect(ends({ [uidOf('ab.there')]: 'older' }, now)).toMatchObject({
      routes: 'pending',
      routesReason: expect.stringMatching(/^capture a has/),
    });
    expect(ends({}, now).routes).toBe('pending');
    expect(ends(now, null)).toMatchObject({ routes: 'pending', routesReason: expect.stringMatching(/^loader ab\.there is running/) });
    expect(ends(now, null, { state: 'paused' }).routesReason).toContain('paused');
    // It is in the log, and who takes over has it too.
    expect(ends(now, now, { state: 'waiting' }).routes).toBe('in force');
    expect(one([worker('loader', 'ab.there', { routes: now })]).routesReason).toBe('no capture works');
    expect(channelStatus(channel, [], noOmissions).routes).toBe('pending');
  });
});
