import type { DesiredState } from '@lutra/model';
import { expect, it } from 'vitest';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { requireLifeLevel, risingOf, withRetry, withWanted } from './wanted.js';

const routes = [{ schema: 'shop' }];
const channel = (state: DesiredState) =>
  storedChannel({
    name: 'ch',
    state,
    pipelines: [
      { name: 'ab', source: 'a', target: 'b', routes },
      { name: 'ac', source: 'a', target: 'c', routes },
    ],
  });
const ab = { channel: 'ch', pipeline: 'ab' };

it('a wish that is as much as the channel’s is none', () => {
  const paused = withWanted(channel('running'), ab, 'paused');
  expect(paused.wishes).toEqual({ pipelines: { [uidOf('ch.ab')]: 'paused' } });
  expect(withWanted(paused, ab, 'running')).toEqual(channel('running'));
  expect(() => withWanted(channel('running'), { channel: 'ch', pipeline: 'no' }, 'paused')).toThrow('no pipeline no');
});

it('only pipelines of which more is wanted are checked', () => {
  const rising = (from: DesiredState, own: DesiredState, to: (of: ReturnType<typeof channel>) => ReturnType<typeof channel>) => {
    const before = withWanted(channel(from), ab, own);
    return risingOf(before, to(before)).map(({ name }) => name);
  };
  expect(rising('stopped', 'stopped', (of) => withWanted(of, { channel: 'ch' }, 'running'))).toEqual(['ac']);
  expect(rising('running', 'stopped', (of) => withWanted(of, ab, 'paused'))).toEqual(['ab']);
  expect(rising('running', 'paused', (of) => withWanted(of, ab, 'running'))).toEqual(['ab']);
  expect(rising('stopped', 'stopped', (of) => withWanted(of, ab, 'running'))).toEqual([]);
  expect(rising('running', 'running', (of) => withWanted(of, { channel: 'ch' }, 'paused'))).toEqual([]);
});

it('each retry counts, of the pipeline or of its channel', () => {
  const twice = withRetry(withRetry(channel('running'), ab), ab);
  expect([twice.attempt, twice.wishes]).toEqual([0, { attempts: { [uidOf('ch.ab')]: 2 } }]);
  expect(withRetry(twice, { channel: 'ch' })).toEqual({ ...twice, attempt: 1 });
});

it('nothing is written of a pipeline below its level', () => {
  expect(() => requireLifeLevel(4)).toThrow(/level 4.*level 5/);
  expect(() => requireLifeLevel(5)).not.toThrow();
});
