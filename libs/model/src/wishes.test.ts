import { describe, expect, it } from 'vitest';
import { desiredStates, withDesired } from './config.js';
import type { DesiredState } from './config.js';
import { storedChannel, uidOf } from './pipeline-uid.fixture.js';
import { isHigher, logsReadBy, wantedOf, wantsLogOf, wishesFor } from './wishes.js';

const pipeline = (source: string, target: string) => ({ name: `${source}${target}`, source, target, routes: [{ schema: 'shop' }] });
const channel = (ends: readonly (readonly [string, string])[], states: Readonly<Record<string, DesiredState>> = {}) => ({
  ...storedChannel({ name: 'ch', state: 'running', pipelines: ends.map(([source, target]) => pipeline(source, target)) }),
  wishes: { pipelines: Object.fromEntries(Object.entries(states).map(([name, state]) => [uidOf(`ch.${name}`), state])) },
});

describe('what is wanted of a pipeline', () => {
  it('is the lower one of what is wanted of it and of its channel', () => {
    const found = desiredStates.map((state) =>
      desiredStates.map((own) => wantedOf({ ...channel([['a', 'b']], { ab: own }), state }, uidOf('ch.ab'))),
    );
    expect(found).toEqual([
      ['running', 'paused', 'stopped'],
      ['paused', 'paused', 'stopped'],
      ['stopped', 'stopped', 'stopped'],
    ]);
    expect(wantedOf(channel([['a', 'b']]), uidOf('ch.ab'))).toBe('running');
  });

  it('rises from stopped to paused to running', () => {
    expect([
      isHigher('running', 'paused'),
      isHigher('paused', 'stopped'),
      isHigher('paused', 'paused'),
      isHigher('stopped', 'running'),
    ]).toEqual([true, true, false, false]);
  });

  it('is kept for pipelines that are there, and left out where nothing is said', () => {
    const wishes = { pipelines: { [uidOf('x')]: 'paused' as const, [uidOf('y')]: 'stopped' as const }, attempts: { [uidOf('y')]: 1 } };
    expect(wishesFor([{ uid: uidOf('x') }], wishes)).toEqual({ pipelines: { [uidOf('x')]: 'paused' } });
    const { state: _, attempt: __, ...stored } = storedChannel({ pipelines: [pipeline('a', 'b')] });
    expect(withDesired(stored, { state: 'running', attempt: 0, pipelines: {} })).not.toHaveProperty('wishes');
  });
});

describe('the log of an endpoint', () => {
  const wanted = (of: ReturnType<typeof channel>, ...endpoints: readonly string[]) => endpoints.filter((one) => wantsLogOf(of, one));

  it('is wanted while a pipeline that reads it is not stopped', () => {
    const fan = [
      ['a', 'b'],
      ['a', 'c'],
    ] as const;
    expect(wanted(channel(fan, { ab: 'stopped' }), 'a', 'b', 'c')).toEqual(['a']);
    expect(wanted(channel(fan, { ab: 'stopped', ac: 'paused' }), 'a')).toEqual(['a']);
    expect(wanted(channel(fan, { ab: 'stopped', ac: 'stopped' }), 'a')).toEqual([]);
  });

  it('is wanted by the other direction too, which finds its conflicts there', () => {
    expect(
      wanted(
        channel(
          [
            ['a', 'b'],
            ['b', 'a'],
          ],
          { ba: 'stopped' },
        ),
        'a',
        'b',
      ),
    ).toEqual(['a', 'b']);
    expect(
      wanted(
        channel(
          [
            ['a', 'b'],
            ['b', 'a'],
          ],
          { ab: 'stopped', ba: 'stopped' },
        ),
        'a',
        'b',
      ),
    ).toEqual([]);
    const mesh = ['ab', 'ba', 'ac', 'ca', 'bc', 'cb'].map(([source, target]) => ({ source: source!, target: target! }));
    expect([...logsReadBy({ source: 'a', target: 'b' }, mesh)].toSorted()).toEqual(['a', 'b', 'c']);
  });
});
