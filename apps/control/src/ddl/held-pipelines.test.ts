import type { DdlHold } from '@lutra/model';
import { expect, it } from 'vitest';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { workStatus } from '../../../../libs/model/src/work-status.fixture.js';
import { heldProblems, holdOf, loaderOf } from './held-pipelines.js';

const route = { routes: [{ schema: 'shop' }] };
const channel = storedChannel({
  name: 'ab',
  pipelines: [
    { name: 'there', source: 'a', target: 'b', ...route },
    { name: 'back', source: 'b', target: 'a', ...route },
  ],
});
const hold: DdlHold = {
  log: 'L',
  seq: 7,
  record: 'x:1',
  reason: 'policy',
  message: 'it was told to',
  statement: 'ALTER TABLE',
  sql: 'ALTER TABLE t ADD c INT',
  here: null,
  tables: [{ database: 'shop', name: 't' }],
  ways: ['run'],
  since: 1,
};
const loader = (name: string, more: object) => workStatus({ app: 'loader', name: `ab.${name}`, uid: uidOf(`ab.${name}`), ...more });

it('a pipeline that holds is named to whoever waits for it, by what the process of the higher epoch says', () => {
  const held = loader('there', { state: 'held', hold, epoch: 3 });
  expect(heldProblems(channel, [held, loader('back', {})])).toEqual([
    {
      id: 'pipeline-held',
      severity: 'warning',
      what: 'pipeline ab.there holds at ALTER TABLE on shop.t (policy): what is behind it does not arrive before that is answered',
      fix: 'GET /api/v1/channels/ab/pipelines/there/ddl, then POST an answer to it',
    },
  ]);
  expect(heldProblems(channel, [held], ['back'])).toEqual([]);
  expect(heldProblems(channel, [held, loader('there', { epoch: 4 })])).toEqual([]);
  expect(heldProblems(channel, [loader('there', { state: 'standby', hold, epoch: 9 })])).toEqual([]);
  expect(holdOf(loaderOf({ uid: uidOf('another') }, [held]))).toBeNull();
});
