import { expect, it } from 'vitest';
import { homeChangeProblems } from './home-change.js';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const channel = (state: string, home?: string) =>
  storedChannel({
    name: 'ab',
    state,
    pipelines: [{ name: 'p', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }],
    conflicts: { home },
  });

it('the home of a channel moves only while the channel is stopped', () => {
  for (const state of ['running', 'paused']) {
    expect(homeChangeProblems(channel(state, 'here'), channel(state, 'there'))).toMatchObject([{ id: 'home-change', severity: 'error' }]);
    expect(homeChangeProblems(channel(state, 'here'), channel(state))).toHaveLength(1);
    expect(homeChangeProblems(channel(state, 'here'), channel(state, 'here'))).toEqual([]);
    expect(homeChangeProblems(channel(state), channel(state, 'there'))).toEqual([]);
  }
  expect(homeChangeProblems(channel('stopped', 'here'), channel('stopped', 'there'))).toEqual([]);
});
