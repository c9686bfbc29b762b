import { createRouter } from '@lutra/model';
import type { Route, TableName } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { suspendedHere, writersOf } from './suspended-here.js';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const at = { where: 'f:4', at: 1 };
const there: readonly Route[] = [{ schema: 'Shop', table: '*', to: { schema: 'depot' } }];
const back: readonly Route[] = [{ schema: 'depot', table: '*', to: { schema: 'Shop' } }];
const channel = (name: string, ways: readonly (readonly [string, string, readonly Route[]])[], more: object = {}) =>
  storedChannel({
    name,
    pipelines: ways.map(([source, target, routes]) => ({ name: `${source}-${target}`, source, target, routes })),
    ...more,
  });
const both = channel('ab', [
  ['a', 'b', there],
  ['b', 'a', back],
]);

describe('who suspends tables of a log', () => {
  const ids = (...channels: ReturnType<typeof channel>[]): readonly string[] =>
    writersOf('b', channels)
      .map(({ name }) => name)
      .toSorted();

  it('is who writes to its endpoint, in a channel that flows both ways, of a stopped one too', () => {
    expect(
      ids(
        channel('on', [
          ['a', 'b', there],
          ['b', 'c', back],
        ]),
      ),
    ).toEqual([]);
    expect(ids(both)).toEqual(['ab.a-b']);
    expect(ids({ ...both, state: 'stopped' })).toEqual(['ab.a-b']);
    const mesh = channel('mesh', [
      ['a', 'b', there],
      ['b', 'a', back],
      ['c', 'b', there],
      ['b', 'c', back],
    ]);
    expect(ids(mesh, both)).toEqual(['ab.a-b', 'mesh.a-b', 'mesh.c-b']);
  });
});

describe('what a loader has suspended here', () => {
  const router = createRouter(back);
  const here = { writers: writersOf('b', [both]), router, foldsNames: false };
  const row = (name: string, more: object = {}) => {
    const table: TableName = { database: 'Shop', name };
    return { pipeline: uidOf('ab.a-b'), table, code: 'COLUMN_MISSING', message: 'no v', because: '', ...more } as const;
  };

  it('has its name here, and so has what it is tied to', () => {
    expect(suspendedHere([row('T'), row('child', { because: 'Shop.T' })], here, at)).toMatchObject([
      {
        database: 'depot',
        name: 'T',
        code: 'COLUMN_MISSING',
        where: 'f:4',
        message: expect.stringMatching(/ab.a-b .*depot.T .*Shop.T .*no v/),
      },
      { database: 'depot', name: 'child', because: 'depot.T' },
    ]);
    expect(suspendedHere([row('T')], { ...here, foldsNames: true }, at)).toMatchObject([{ database: 'depot', name: 't' }]);
  });

  it('costs nothing where it is left out already, is another pipeline’s, or does not flow back', () => {
    const left = createRouter(back, [{ database: 'depot', name: 'T' }]);
    expect(suspendedHere([row('T')], { ...here, router: left }, at)).toEqual([]);
    expect(suspendedHere([row('T', { pipeline: uidOf('gone.p') })], here, at)).toEqual([]);
    const some = channel('ab', [
      ['a', 'b', there],
      ['b', 'a', [{ ...back[0]!, exclude: ['T'] }]],
    ]);
    expect(suspendedHere([row('T'), row('u')], { ...here, writers: writersOf('b', [some]) }, at)).toMatchObject([{ name: 'u' }]);
  });
});
