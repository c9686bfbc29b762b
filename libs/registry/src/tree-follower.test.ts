/** A process that follows a configuration in memory, which is restored, emptied and written to as ZooKeeper may be. */
import { nextRevision, randomId, SyncError } from '@lutra/model';
import type { ChannelDocument, Desired, Regression, TreeRevision } from '@lutra/model';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { storedChannel } from '../../model/src/pipeline-uid.fixture.js';
import { watchConfiguration } from './configuration.js';
import { TreeFollower } from './tree-follower.js';

type Source = ConstructorParameters<typeof TreeFollower>[0];

interface State {
  readonly revision: TreeRevision | null;
  readonly channels: ReadonlyMap<string, ChannelDocument>;
}

const empty: State = { revision: null, channels: new Map() };

class TreeInMemory {
  #state: State = empty;
  /** As the watches have told it. */
  #told: State = empty;
  isSettled = true;
  failing: SyncError | null = null;
  /** Called before each answer with the revision. */
  beforeRevision = (): void => undefined;
  readonly #onChannels = new Set<(documents: ReadonlyMap<string, ChannelDocument>) => void>();
  readonly #onRevision = new Set<() => void>();

  get state(): State {
    return this.#state;
  }

  get source(): Source {
    const none = {
      watch: (tell: (documents: ReadonlyMap<string, ChannelDocument>) => void) => (tell(new Map()), () => undefined),
      isSettled: true,
    };
    const isSettled = (): boolean => this.isSettled;
    return {
      regions: none,
      endpoints: none,
      desired: {
        isSettled: true,
        watch: (tell: (desired: ReadonlyMap<string, Desired>) => void) => {
          const follow = (channels: ReadonlyMap<string, ChannelDocument>): void =>
            tell(new Map([...channels].map(([name, { state, attempt }]) => [name, { state, attempt, by: 'test', at: 0 }])));
          this.#onChannels.add(follow);
          follow(this.#told.channels);
          return () => this.#onChannels.delete(follow);
        },
      },
      channels: {
        get isSettled() {
          return isSettled();
        },
        watch: (tell: (documents: ReadonlyMap<string, ChannelDocument>) => void) => {
          this.#onChannels.add(tell);
          tell(this.#told.channels);
          return () => this.#onChannels.delete(tell);
        },
        listLatest: async () => ({ documents: [...this.#state.channels.values()], invalid: [] }),
        latest: async (name: string) => {
          const document = this.#state.channels.get(name);
          return document ? { document, version: 0 } : null;
        },
      },
      revision: {
        latest: async () => {
          this.beforeRevision();
          if (this.failing) throw this.failing;
          return this.#state.revision;
        },
        watch: (tell: () => void) => (this.#onRevision.add(tell), tell(), () => this.#onRevision.delete(tell)),
      },
    } as unknown as Source;
  }

  /** One write: revision and document. */
  write(name: string, state: ChannelDocument['state'] = 'running'): State {
    const revision = nextRevision(this.#state.revision, { write: randomId(), by: 'test', at: 0 });
    return this.become({ revision, channels: new Map([...this.#state.channels, [name, channelOf(name, state)]]) });
  }

  /** The watches tell of it at once, the documents first. */
  become(state: State): State {
    this.change(state);
    this.tellChannels();
    for (const tell of this.#onRevision) tell();
    return state;
  }

  /** Nobody is told. */
  change(state: State): void {
    this.#state = state;
  }

  tellChannels(): void {
    this.#told = this.#state;
    for (const tell of this.#onChannels) tell(this.#told.channels);
  }
}

const channelOf = (name: string, state: ChannelDocument['state']): ChannelDocument => ({
  ...storedChannel({ name, pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: name }] }] }),
  state,
});

let tree: TreeInMemory;
let follower: TreeFollower;
let followed: string[];
let said: (Regression | null)[];
let end: () => void;

beforeEach(() => {
  tree = new TreeInMemory();
  follower = new TreeFollower(tree.source);
  [followed, said] = [[], []];
  end = follower.follow({
    onChange: ({ channels }) => followed.push([...channels].map(([name, { state }]) => `${name} ${state}`).join()),
    onRegression: (regression) => said.push(regression),
    onInvalid: () => undefined,
  });
});
afterEach(() => end());

const sees = (wanted: string): Promise<unknown> => vi.waitFor(() => expect(followed.at(-1)).toBe(wanted), { interval: 1 });
const regresses = (): Promise<unknown> => vi.waitFor(() => expect(follower.regression).not.toBeNull(), { interval: 1 });
const stands = (): Promise<unknown> => vi.waitFor(() => expect(follower.regression).toBeNull(), { interval: 1 });

it('an emptied tree ends no work, as it would by the watches alone; the newest state again is followed', async () => {
  const naive: number[] = [];
  watchConfiguration(tree.source, { onChange: ({ channels }) => naive.push(channels.size), onInvalid: () => undefined });
  const whole = tree.write('shop');
  await sees('shop running');
  tree.become(empty);
  await regresses();
  expect(naive.at(-1)).toBe(0);
  expect(followed.at(-1)).toBe('shop running');
  expect(said).toEqual([{ known: whole.revision, tree: null }]);
  tree.become(whole);
  await stands();
  expect(said.at(-1)).toBeNull();
  tree.write('crm');
  await sees('shop running,crm running');
});

it('an older copy is not followed, nor written on until it has our number and more; adopted, it is', async () => {
  const older = tree.write('shop', 'stopped');
  await sees('shop stopped');
  const known = tree.write('shop');
  await sees('shop running');
  tree.become(older);
  await regresses();
  for (const wanted of [2, 3, 4]) {
    tree.write('other');
    await vi.waitFor(() => expect(follower.regression?.tree?.revision).toBe(wanted), { interval: 1 });
  }
  expect(followed.at(-1)).toBe('shop running');
  expect(said.map((regression) => regression?.tree?.revision)).toEqual([1, 2, 3, 4]);
  expect(said.every((regression) => regression?.known === known.revision)).toBe(true);
  const adopted = { revision: 5, write: randomId(), by: 'test', at: 0, recent: [], adopted: 5 };
  tree.become({ ...tree.state, revision: adopted });
  await sees('shop stopped,other running');
  expect([follower.known, said.at(-1)]).toEqual([adopted, null]);
});

it('documents that come before their revision are not acted on', async () => {
  const older = tree.write('shop', 'stopped');
  await sees('shop stopped');
  tree.write('shop');
  await sees('shop running');
  // The watch of the documents fires; the revision is asked for a moment later.
  tree.change(older);
  tree.tellChannels();
  await regresses();
  expect(followed.filter((text) => text === 'shop stopped')).toHaveLength(1);
});

it('a tree that regresses while it is looked at is not acted on', async () => {
  const older = tree.write('shop', 'stopped');
  await sees('shop stopped');
  tree.write('shop');
  await sees('shop running');
  const newer = { ...tree.write('crm') };
  await sees('shop running,crm running');
  let looks = 0;
  tree.beforeRevision = () => {
    looks += 1;
    if (looks === 2) tree.change(older);
  };
  tree.change({ revision: nextRevision(newer.revision, { write: randomId(), by: 'test', at: 0 }), channels: new Map() });
  tree.tellChannels();
  await regresses();
  expect(followed.at(-1)).toBe('shop running,crm running');
});

it('documents that are known to be stale are not taken for those of the revision', async () => {
  tree.write('shop', 'stopped');
  await sees('shop stopped');
  tree.isSettled = false;
  const known = follower.known;
  const revision = nextRevision(tree.state.revision, { write: randomId(), by: 'test', at: 0 });
  const looked = Promise.withResolvers<void>();
  tree.beforeRevision = looked.resolve;
  tree.change({ revision, channels: new Map([['shop', channelOf('shop', 'running')]]) });
  tree.become(tree.state);
  await looked.promise;
  expect(follower.known).toBe(known);
  tree.isSettled = true;
  await vi.waitFor(() => expect(follower.known).toBe(revision), { interval: 1 });
  expect(followed.at(-1)).toBe('shop running');
});

it('work that begins goes by the tree, and by what is known while that has regressed', async () => {
  const older = tree.write('shop', 'stopped');
  tree.write('shop');
  await sees('shop running');
  const { revision } = tree.state;
  expect(await follower.channel('shop')).toMatchObject({ found: { state: 'running' }, revision, regression: null });
  tree.change(older); // nobody has been told
  expect(await follower.channel('shop')).toMatchObject({ found: { state: 'running' }, revision, regression: { tree: older.revision } });
  tree.change(empty);
  const { found, regression } = await follower.channels();
  expect([found.documents.map(({ name }) => name), found.invalid, regression?.tree]).toEqual([['shop'], [], null]);
  tree.failing = new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
  await expect(follower.channels()).rejects.toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE' });
});

it('a process that knows nothing follows whatever it finds, also nothing', async () => {
  await sees('');
  expect(follower.known).toBeNull();
  tree.write('shop');
  await sees('shop running');
  expect(said).toEqual([]);
});

it('channels without a revision are a part of a tree, which is not acted on', async () => {
  const whole = tree.write('shop');
  tree = new TreeInMemory();
  follower = new TreeFollower(tree.source);
  end();
  const channels: number[] = [];
  end = follower.follow({
    onChange: (documents) => channels.push(documents.channels.size),
    onRegression: (one) => said.push(one),
    onInvalid: () => undefined,
  });
  await vi.waitFor(() => expect(channels.at(-1)).toBe(0), { interval: 1 });
  tree.become({ ...whole, revision: null });
  await regresses();
  expect([said.at(-1), channels.at(-1)]).toEqual([{ known: null, tree: null }, 0]);
  tree.become(whole);
  await vi.waitFor(() => expect(channels.at(-1)).toBe(1), { interval: 1 });
});

it('who waits for another tree is woken by its next write, and at once where that is there', async () => {
  const first = tree.write('shop');
  await sees('shop running');
  const { signal } = new AbortController();
  const woken: string[] = [];
  const waiting = follower.untilOther(first.revision?.write ?? null, signal).then(() => woken.push('next'));
  await follower.untilOther(null, signal).then(() => woken.push('at once'));
  expect(woken).toEqual(['at once']);
  tree.write('crm');
  await waiting;
  expect(woken).toEqual(['at once', 'next']);
});
