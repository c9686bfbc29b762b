import type { PipelineUid } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { defaultOnExisting, restOnHome, seedPlan } from './seed-direction.js';
import type { ChannelEnds, Ends } from './seed-direction.js';

/** `a>b` each; both ways: `a<>b`. An endpoint is in the region of its name in capitals. */
function channel(ways: string, home?: string): ChannelEnds {
  const one = (source: string, target: string): Ends => ({
    name: `${source}-${target}`,
    uid: `${source}-${target}` as PipelineUid,
    source,
    target,
  });
  const pipelines = ways.split(' ').flatMap((way) => {
    const [source = '', target = ''] = way.split(/<?>/);
    return way.includes('<') ? [one(source, target), one(target, source)] : [one(source, target)];
  });
  return { pipelines, conflicts: home === undefined ? {} : { home } };
}

const regions = new Map(['a', 'b', 'c', 'd', 'h'].map((name) => [name, name.toUpperCase()]));

function planOf(ways: string, home?: string): Readonly<Record<string, readonly [string, string]>> {
  const plan = seedPlan(channel(ways, home), regions);
  return Object.fromEntries(plan.map(({ pipeline, onExisting, after }) => [pipeline.name, [onExisting, after.toSorted().join(' ')]]));
}

describe('the plan of seeds', () => {
  it('one way: at once, and the source wins', () => {
    expect(planOf('a>b b>c')).toEqual({ 'a-b': ['source', ''], 'b-c': ['source', ''] });
  });

  it('both ways: toward home first, home wins in both directions', () => {
    expect(planOf('a<>b', 'A')).toEqual({ 'b-a': ['A', ''], 'a-b': ['A', 'b-a'] });
    expect(planOf('a<>b', 'B')).toEqual({ 'a-b': ['B', ''], 'b-a': ['B', 'a-b'] });
  });

  it('both ways without home: nobody wins, one after the other', () => {
    expect(planOf('a<>b')).toEqual({ 'a-b': ['stop', ''], 'b-a': ['stop', 'a-b'] });
  });

  it('hub at home: all neighbours into the hub, then out to each', () => {
    expect(planOf('h<>a h<>b', 'H')).toEqual({
      'a-h': ['H', ''],
      'b-h': ['H', ''],
      'h-a': ['H', 'a-h b-h'],
      'h-b': ['H', 'a-h b-h'],
    });
  });

  it('a hub that is not home: what lies behind it comes through it', () => {
    expect(planOf('h<>a h<>b', 'A')).toEqual({
      'h-a': ['A', 'b-h'],
      'b-h': ['H', ''],
      'a-h': ['A', 'b-h h-a'],
      'h-b': ['H', 'a-h b-h h-a'],
    });
  });

  it('mesh: between two regions that home fills nothing is seeded', () => {
    const mesh = channel('a<>b a<>c b<>c', 'A');
    expect(Object.keys(planOf('a<>b a<>c b<>c', 'A')).toSorted()).toEqual(['a-b', 'a-c', 'b-a', 'c-a']);
    expect(restOnHome(mesh, seedPlan(mesh, regions)).map(({ name }) => name)).toEqual(['b-c', 'c-b']);
  });

  it.each(['a>b', 'a<>b', 'h<>a h<>b h<>c', 'a<>b b<>c c<>d', 'a<>b a<>c b<>c', 'a<>b b>c'])(
    'no seed waits for itself, however far: %s',
    (ways) => {
      for (const home of [undefined, 'A', 'B', 'H']) {
        const done = new Set<string>();
        let left = seedPlan(channel(ways, home), regions);
        while (left.length > 0) {
          const ready = left.filter(({ after }) => after.every((uid) => done.has(uid)));
          expect(ready, `${ways} with home ${home}`).not.toEqual([]);
          for (const { pipeline } of ready) done.add(pipeline.uid);
          left = left.filter((seed) => !ready.includes(seed));
        }
      }
    },
  );
});

it('a region that a channel does not know wins nothing', () => {
  expect(defaultOnExisting(channel('a<>b', 'D'), { source: 'a', target: 'b' }, regions)).toBe('stop');
  expect(defaultOnExisting(channel('a<>b c>d', 'A'), { source: 'c', target: 'd' }, regions)).toBe('source');
});
