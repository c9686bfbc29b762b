import { describe, expect, it } from 'vitest';
import { MemoryOperation, uids } from './memory-operation.fixture.js';

const stepsTold = ({ operation }: MemoryOperation): readonly string[] => operation.steps.map(({ step }) => step);

describe('a drain', () => {
  it('closes the source, then waits at its target for what the binlog held', async () => {
    const world = new MemoryOperation();
    expect(await world.run()).toMatchObject({
      state: 'done',
      facts: { position: { file: 'binlog.000001', pos: 4 }, applied: { [uids.there]: { log: 'l' } } },
    });
    expect(world.done).toEqual(['close a', 'barrier at b', 'barrier at a']);
    expect(stepsTold(world)).toEqual(['check', 'fence', 'prepared', 'barrier-back', 'barrier', 'counts']);
    expect(world.barriers.size).toBe(0);
  });

  it('remembers how a server was before it is closed: whoever goes on, or takes it back, must know', async () => {
    const world = new MemoryOperation();
    await world.look();
    expect(await world.look()).toMatchObject({ step: 'fence', facts: { fences: { a: { readOnly: false, byUs: true } } } });
    expect(world.servers.a.readOnly).toBe(false);
  });

  it('remembers the id of a barrier before it is ordered, and orders it again where it is gone', async () => {
    const world = new MemoryOperation({ step: 'barrier' });
    const { facts } = await world.look();
    expect(world.barriers.size).toBe(0);
    await world.look();
    expect([...world.barriers.keys()]).toEqual([facts.barriers?.barrier?.id]);
    world.barriers.clear();
    await world.look();
    expect([...world.barriers.keys()]).toEqual([facts.barriers?.barrier?.id]);
  });

  it.each([
    ['another log', { log: 'older', seq: 900 }],
    ['a smaller seq', { log: 'l', seq: 99 }],
    ['no checkpoint', null],
  ])('is not deceived by %s at the target, and asks for another barrier after a while', async (_, place) => {
    const world = new MemoryOperation({ step: 'barrier' });
    await world.look();
    await world.look();
    const [id] = [...world.barriers.keys()];
    world.work();
    world.places.clear();
    if (place) world.places.set(uids.there, place);
    expect(await world.look()).toMatchObject({
      step: 'barrier',
      waitsFor: { what: expect.stringContaining('c.there has applied') as string },
    });
    world.now += 31_000;
    await world.look();
    await world.look();
    expect([...world.barriers.keys()]).not.toContain(id);
    expect(world.barriers.size).toBe(1);
  });

  it('asks a person where its own user may not close the server', async () => {
    const world = new MemoryOperation();
    world.servers.a.mayClose = false;
    expect(await world.run()).toMatchObject({
      step: 'fence',
      waitsFor: { fix: expect.stringContaining('SET PERSIST read_only = ON') as string },
    });
    world.servers.a.readOnly = true;
    expect(await world.run()).toMatchObject({ state: 'done' });
  });

  it.each<[string, (world: MemoryOperation) => void, string]>([
    [
      'super_read_only keeps the loader out',
      (world) => Object.assign(world.servers.a, { readOnly: true, superReadOnly: true }),
      'super_read_only of a',
    ],
    ['an XA transaction is prepared', (world) => (world.servers.a.prepared = ['x1']), '1 XA transactions are prepared at a (x1)'],
    ['nobody can tell whether one is', (world) => (world.servers.a.prepared = null), 'nobody can tell whether XA'],
    [
      'its own user could not write at the closed side',
      (world) => (world.servers.a.isExempt = false),
      'the user of endpoint a could not write there',
    ],
    ['the level is too low', (world) => (world.level = 4), 'the cluster is at level 4'],
    ['a pipeline does not work', (world) => (world.workers = world.workers.slice(0, 3)), 'nobody works on pipeline c.back'],
  ])('waits where %s', async (_, arrange, what) => {
    const world = new MemoryOperation();
    arrange(world);
    expect(await world.run()).toMatchObject({ waitsFor: { what: expect.stringContaining(what) as string } });
  });

  it('waits where counts differ, until a person accepts it', async () => {
    const world = new MemoryOperation({ count: true });
    world.counts = [{ pipeline: 'c.there', source: 's.t', target: 's.t', atSource: 5, atTarget: 4 }];
    expect(await world.run()).toMatchObject({
      step: 'counts',
      waitsFor: { what: expect.stringContaining('s.t has 5 rows, s.t 4') as string },
    });
    world.operation = { ...world.operation, accept: ['counts'] };
    expect(await world.run()).toMatchObject({ state: 'done', facts: { counts: world.counts } });
  });
});

describe('a switch-over', () => {
  it('asks before it begins and before it opens; moves home when nothing is on its way in either direction', async () => {
    const world = new MemoryOperation({ kind: 'switch-over', moveHome: true });
    world.servers.b.readOnly = true;
    expect(await world.run()).toMatchObject({ step: 'confirm' });
    expect(world.done).toEqual([]);
    world.confirm();
    expect(await world.run()).toMatchObject({ step: 'confirm-open' });
    expect(world.done).toEqual(['close a', 'barrier at b', 'barrier at a', 'home region-b']);
    world.confirm();
    expect(await world.run()).toMatchObject({ state: 'done' });
    expect(world.done.at(-1)).toBe('open b');
  });

  it('ends where the other side was opened by a person, or by the control that has died', async () => {
    const world = new MemoryOperation({ kind: 'switch-over', moveHome: true, confirmed: ['confirm', 'confirm-open'] });
    while (world.operation.step !== 'open') {
      await world.look();
      world.work();
    }
    world.servers.b.readOnly = false;
    expect(await world.run()).toMatchObject({ state: 'done' });
    expect(world.done.filter((what) => what === 'close a')).toHaveLength(1);
  });

  it('closes both sides where home moves', async () => {
    const world = new MemoryOperation({ kind: 'switch-over', moveHome: true, confirmed: ['confirm'] });
    await world.run();
    expect(world.done.slice(0, 2)).toEqual(['close a', 'close b']);
  });

  it.each<[string, (world: MemoryOperation) => unknown]>([
    ['was opened', (world) => (world.servers.a.readOnly = false)],
    ['was restarted', (world) => (world.servers.a.started += 60)],
  ])('begins with its fence once more where the closed side %s before the other one is opened', async (_, accident) => {
    const world = new MemoryOperation({ kind: 'switch-over', confirmed: ['confirm'] });
    expect(await world.run()).toMatchObject({ step: 'confirm-open' });
    accident(world);
    world.servers.a.pos = 50;
    world.servers.b.readOnly = true;
    world.confirm();
    expect(await world.run()).toMatchObject({ step: 'confirm-open', facts: { position: { pos: 50 } } });
    expect([world.servers.a.readOnly, world.servers.b.readOnly]).toEqual([true, true]);
    world.confirm();
    expect(await world.run()).toMatchObject({ state: 'done' });
    expect(world.servers.b.readOnly).toBe(false);
  });

  it.each(['fence', 'barrier', 'confirm-open'] as const)('is taken back at %s: home first, then what it has closed', async (at) => {
    const world = new MemoryOperation({ kind: 'switch-over', moveHome: true, confirmed: ['confirm'] });
    for (let looks = 0; world.operation.step !== at && looks < 50; looks++) {
      await world.look();
      world.work();
    }
    await world.look();
    world.operation = { ...world.operation, state: 'aborting' };
    expect(await world.run()).toMatchObject({ state: 'aborted' });
    expect(world.channel.conflicts.home).toBe('region-a');
    expect([world.servers.a.readOnly, world.servers.b.readOnly, world.barriers.size]).toEqual([false, false, 0]);
    if (at === 'confirm-open') expect(world.done.slice(-3)).toEqual(['home region-a', 'open a', 'open b']);
  });

  it('leaves what a person had closed', async () => {
    const world = new MemoryOperation({ kind: 'switch-over', confirmed: ['confirm'] });
    world.servers.a.readOnly = true;
    await world.run();
    world.operation = { ...world.operation, state: 'aborting' };
    expect(await world.run()).toMatchObject({ state: 'aborted' });
    expect(world.servers.a.readOnly).toBe(true);
  });
});

describe('a failover', () => {
  it('pauses the way from the lost side before the other one is opened', async () => {
    const world = new MemoryOperation({ kind: 'failover', accept: ['lost'], confirmed: ['confirm', 'confirm-open'] });
    world.servers.b.readOnly = true;
    expect(await world.run()).toMatchObject({ state: 'done' });
    expect(world.done).toEqual([`pause ${uids.there}`, 'open b']);
  });

  it('begins only where a person accepts what is lost', async () => {
    const world = new MemoryOperation({ kind: 'failover' });
    expect(await world.run()).toMatchObject({ step: 'check', waitsFor: { fix: 'accept "lost"' } });
  });
});
