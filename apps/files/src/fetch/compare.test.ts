/** What two regions have at the same paths. */
import { afterEach, expect, it } from 'vitest';
import { FetchBed, sha256 } from './fetch.fixture.js';

let bed: FetchBed;
afterEach(() => bed.end());

it('tells each difference, in the order of the request', async () => {
  bed = await FetchBed.make();
  for (const path of ['equal', 'other', 'hash', 'here', 'unstable']) await bed.put(path, 'here');
  for (const path of ['equal', 'hash', 'unstable']) bed.source.write(path, 'here');
  for (const path of ['other', 'there']) bed.source.write(path, 'there');
  bed.source.answers.set('pics equal', [{ kind: 'hashing', size: 4, done: 0 }]);
  bed.source.answers.set('pics unstable', [{ kind: 'unstable' }]);
  const files = ['equal', 'other', 'hash', 'here', 'there', 'nowhere', 'unstable', '../out'].map((path) => ({
    path,
    hash: path === 'hash' ? sha256('carried') : path === 'equal' ? sha256('here') : null,
  }));
  const { differs } = await bed.fetching.compare({ sourceRegion: 'a', root: 'pics', files });
  expect(differs).toEqual([null, 'different', 'different', 'missing-there', 'missing-here', 'missing', 'unstable', 'missing']);
});
