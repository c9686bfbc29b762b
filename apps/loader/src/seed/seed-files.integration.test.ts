/** Rows that are seeded one way come with their files. */
import type { FileRule, PipelineUid, Row } from '@lutra/model';
import { expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import { memoryStage } from '../files/memory-stage.fixture.js';
import type { MemoryStage } from '../files/memory-stage.fixture.js';
import { SeedRoom } from './seed-room.fixture.js';

const rule = { root: 'pics', path: '{name}', immutable: true, deletes: 'keep', missing: 'stop', waitSeconds: 0 } as FileRule;
const item = (id: number): Row => ({ id, name: `p${id}`, u: null });
const many = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => item(from + i));

const enter = rooms('9.7', { tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' }, flowsBack: false });

async function open(rows = ''): Promise<{ room: SeedRoom; stage: MemoryStage }> {
  const room = await enter({ ...(rows !== '' && { rows }) });
  const stage = memoryStage(rule, { pipeline: room.pipeline as PipelineUid, epoch: room.checkpoint.epoch });
  for (const { name } of many(1, 20)) stage.service.source.set(`pics/${String(name)}`, `bytes of ${String(name)}`);
  return { room: await SeedRoom.of(room, { files: stage.files }), stage };
}

const placed = async ({ room }: { room: SeedRoom }): Promise<number> => {
  const [row] = await room.room.server.query(`SELECT COUNT(*) AS n FROM lutra.file WHERE pipeline = '${room.room.pipeline}'`);
  return Number(row?.['n']);
};

it('a chunk into an empty table, and one into a table that has some of its rows', async () => {
  const at = await open("INSERT INTO t VALUES (7, 'p7', NULL)");
  await at.room.read(many(1, 5), { to: { id: 5 } });
  await at.room.read(many(6, 10), { from: { id: 5 }, to: null });
  expect(await at.room.rows()).toEqual(many(1, 10));
  expect(await at.room.seed()).toMatchObject({ isWhole: true });
  expect(await placed(at)).toBe(10);
  for (const { name } of many(1, 10))
    expect(at.stage.service.bytesAt({ root: 'pics', path: String(name) })).toBe(`bytes of ${String(name)}`);
});

it('a chunk that is refused leaves none behind', async () => {
  const at = await open();
  await expect(at.room.read([item(1), { ...item(2), u: 'x'.repeat(30) }], { purpose: 'resync' })).rejects.toThrow(/u/);
  expect(at.stage.service.tree.size).toBe(0);
  expect(await placed(at)).toBe(0);
});

it('a file that the source lacks stops before anything of its chunk is written', async () => {
  const at = await open();
  await expect(at.room.read(many(19, 21), { to: null })).rejects.toMatchObject({ code: 'FILE_MISSING' });
  expect(await at.room.rows()).toEqual([]);
  expect(at.stage.service.tree.size).toBe(0);
});
