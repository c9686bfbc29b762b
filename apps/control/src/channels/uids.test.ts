import { replicationFingerprint } from '@lutra/model';
import type { PipelineInput, PipelineUid } from '@lutra/model';
import type { UidEntry } from '@lutra/registry';
import { describe, expect, it } from 'vitest';
import { since, withUids } from './uids.js';
import type { UidsKnown } from './uids.js';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const [old, other] = [uidOf('old'), uidOf('other')];
const pipeline = (name: string, more: Partial<PipelineInput> = {}): PipelineInput => ({
  name,
  source: 'a',
  target: 'b',
  routes: [{ schema: 'shop', table: '*' }],
  forwards: false,
  ...more,
});
const removed: UidEntry = {
  channel: 'before',
  pipeline: 'p',
  source: 'a',
  target: 'b',
  fingerprint: replicationFingerprint(pipeline('p')),
  createdAt: 1,
  changedIn: 4,
  begunAt: 2,
  removedAt: 3,
  removedIn: 6,
};
const nothing: UidsKnown = { existing: [], inUse: new Set(), entries: new Map() };
const knowing = (entry: UidEntry): UidsKnown => ({ ...nothing, entries: new Map([[old, entry]]) });
const given = (pipelines: readonly PipelineInput[], known: UidsKnown = nothing) =>
  withUids({ name: 'ab', pipelines: [...pipelines] }, known);
const problems = (pipelines: readonly PipelineInput[], known?: UidsKnown) => given(pipelines, known).problems.map(({ id }) => id);

describe('the uid of a pipeline', () => {
  const { pipelines: existing } = storedChannel({
    name: 'ab',
    pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema: 'x' }] }],
  });
  const uid = existing[0]!.uid;
  const known: UidsKnown = { ...nothing, existing, inUse: new Set([uid]) };

  it('stays with its name while the channel has one, and is new with a new name, and where nothing is stored any more', () => {
    const [kept, made] = given([pipeline('p'), pipeline('q')], known).pipelines;
    expect(kept).toMatchObject({ name: 'p', uid });
    expect(made?.uid).not.toBe(uid);
    const again = given([pipeline('p')], { ...knowing(removed), entries: new Map([[uid, removed]]) });
    expect(again.pipelines[0]?.uid).not.toBe(uid);
  });

  it('may be repeated, and never chosen', () => {
    expect(problems([pipeline('p', { uid })], known)).toEqual([]);
    expect(problems([pipeline('p', { uid: other })], known)).toEqual(['uid-not-its-own']);
    expect(problems([pipeline('q', { uid: other })], known)).toEqual(['uid-not-its-own']);
  });
});

describe('an adopted uid', () => {
  const adopting = pipeline('p', { adopt: old });

  it('is that of a removed pipeline with the same ends and routes, whatever its name was; a body may say both', () => {
    for (const body of [adopting, { ...adopting, uid: old }]) {
      const { pipelines: found, problems: none } = given([body], knowing(removed));
      expect(none).toEqual([]);
      expect(found).toEqual([{ ...pipeline('p'), uid: old }]);
    }
  });

  it('is nobody else’s', () => {
    // By the documents: an entry is marked before its document is written, and may be left without one.
    expect(problems([adopting], { ...knowing(removed), inUse: new Set<PipelineUid>([old]) })).toEqual(['adopt-in-use']);
    expect(problems([adopting], knowing({ ...removed, removedAt: undefined }))).toEqual([]);
    expect(problems([adopting, pipeline('q', { adopt: old })], knowing(removed))).toEqual(['adopt-in-use']);
  });

  it.each<readonly [string, Partial<UidEntry>]>([
    ['adopt-other-ends', { source: 'c' }],
    ['adopt-other-ends', { target: 'c' }],
    ['adopt-other-routes', { fingerprint: 'of others' }],
  ])('is refused as %s where it was %j', (id, before) => {
    const { problems: found, pipelines: made } = given([adopting], knowing({ ...removed, ...before }));
    expect(found.map((problem) => problem.id)).toEqual([id]);
    expect(found[0]?.what).toContain('uid ' + old + ' was pipeline before.p');
    expect(made[0]?.uid).not.toBe(old);
  });

  it('is not taken by a pipeline that exists; to say again what it has adopted changes nothing', () => {
    const existing = [{ ...pipeline('p'), uid: other }];
    expect(problems([adopting], { ...knowing(removed), existing })).toEqual(['adopt-exists']);
    expect(problems([pipeline('p', { adopt: other })], { ...nothing, existing, inUse: new Set([other]) })).toEqual([]);
  });

  it('asks of those that may have brought the same rows since: between the same ends, begun, and created or changed since it was removed', () => {
    const { removedAt: _, removedIn: __, ...living } = removed;
    const uids = (entry: Partial<UidEntry>): readonly PipelineUid[] =>
      since(
        old,
        new Map([
          [old, removed],
          [other, { ...living, ...entry }],
        ]),
      ).map(([uid]) => uid);
    expect(uids({ changedIn: 6 })).toEqual([other]);
    expect(uids({ changedIn: 7, removedIn: 8 })).toEqual([other]);
    for (const none of [
      { changedIn: 5 },
      { changedIn: 7, begunAt: undefined },
      { changedIn: 7, source: 'c' },
      { changedIn: 7, target: 'c' },
    ])
      expect(uids(none)).toEqual([]);
  });

  it('may be one that ZooKeeper has lost: its row at the target says the rest', () => {
    expect(given([adopting]).pipelines[0]?.uid).toBe(old);
  });
});
