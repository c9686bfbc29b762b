/** What is asked for again, and for how long. */
import type { FileRule, PipelineUid, Row } from '@lutra/model';
import { expect, it, vi } from 'vitest';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import { memoryStage } from './memory-stage.fixture.js';
import type { MemoryStage } from './memory-stage.fixture.js';

const file = { root: 'pics', path: 'a' };
const rule = { ...file, path: '{v}', hash: 'h', immutable: false, deletes: 'keep', missing: 'stop', waitSeconds: 0 } as FileRule;
const table = {
  database: 'shop',
  name: 't',
  columns: ['v', 'h'].map((name) => ({ name, type: 'varchar', charset: 'latin1', length: 100 })) as never,
  primaryKey: ['v'],
};

/** A row whose hash is of `bytes`. */
function asked(stage: MemoryStage, bytes: string): ReturnType<MemoryStage['files']['filesOf']> {
  const after: Row = { v: 'a', h: MemoryFiles.sha256(bytes) };
  return stage.files.filesOf(table, { before: null, after });
}

const open = (waitSeconds: number): MemoryStage => memoryStage({ ...rule, waitSeconds }, { pipeline: 'p' as PipelineUid, epoch: 1 });

it('bytes of another hash than the row says are asked for again: the row at the source may be about to follow its file', async () => {
  const stage = open(60);
  stage.service.source.set('pics/a', 'the next ones');
  const files = asked(stage, 'those of the row');
  const ready = stage.files.ready([{ files }]);
  await vi.waitFor(() => expect(stage.service.log).toEqual(['stage pics/a']));
  stage.service.source.set('pics/a', 'those of the row');
  expect(await ready).toBe(1);
  expect(files?.comes).toMatchObject([{ staged: { sha256: MemoryFiles.sha256('those of the row') } }]);
});

it('and end the run when the rule waits no more', async () => {
  const stage = open(0);
  stage.service.source.set('pics/a', 'others');
  const files = asked(stage, 'those of the row');
  await expect(stage.files.ready([{ files }])).rejects.toMatchObject({ code: 'FILE_HASH_MISMATCH', details: { root: 'pics', path: 'a' } });
});
