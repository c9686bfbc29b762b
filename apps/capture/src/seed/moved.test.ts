import type { Row } from '@lutra/model';
import { keysOf } from '@lutra/mysql';
import { describe, expect, it } from 'vitest';
import { exactly } from './chunk-table.js';
import { ChunkMoves, mostMoves, Moved } from './moved.js';

const schema = { database: 'shop', name: 't', columns: [{ name: 'id', type: 'int' }] as const, primaryKey: ['id'] };
const keys = keysOf(schema, { ...schema, uniqueKeys: [], prefixKeys: [] } as never, exactly);
const row = (id: number): Row => ({ id });
const rows = (...ids: readonly number[]) => ids.map((id) => ({ key: row(id), row: row(id), since: 0 }));

function moved(...moves: readonly (readonly [number, number])[]): Moved {
  const made = new Moved();
  for (const [before, after] of moves) made.add(['id'], [{ before: row(before), after: row(after) }]);
  return made;
}

describe('rows that move in no log', () => {
  it('are read by the chunk that comes next, wherever they come from', () => {
    const all = moved([900, 5], [5, 6], [700, 700]);
    expect(new ChunkMoves(all, keys).take(rows(50, 51))).toEqual([row(5), row(6)]);
  });

  it('are read by a chunk that has been at a place only where they move out of it', () => {
    const all = moved();
    const chunk = new ChunkMoves(all, keys);
    expect(chunk.take(rows(50, 51))).toEqual([]);
    all.add(['id'], [{ before: row(50), after: row(1) }]);
    all.add(['id'], [{ before: row(900), after: row(2) }]);
    all.add(['id'], [{ before: row(1), after: row(3) }]);
    expect(chunk.take(rows(51))).toEqual([row(1), row(3)]);
    expect(chunk.take(rows(51))).toEqual([]);
    chunk.published();
    expect(new ChunkMoves(all, keys).take([])).toEqual([row(2)]);
  });

  it('are taken again where the chunk was not published, or has not arrived', () => {
    const all = moved([900, 5]);
    expect(new ChunkMoves(all, keys).take([])).toEqual([row(5)]);
    const chunk = new ChunkMoves(all, keys);
    expect(chunk.take([])).toEqual([row(5)]);
    chunk.published();
    expect(new ChunkMoves(all, keys).take([])).toEqual([]);
    all.resend();
    expect(new ChunkMoves(all, keys).take([])).toEqual([row(5)]);
  });

  it('are not read twice where the chunk has them', () => {
    expect(new ChunkMoves(moved([900, 5]), keys).take(rows(5))).toEqual([]);
  });

  it('are too many beyond a number, until all is read again', () => {
    const all = moved();
    for (let id = 1; id <= mostMoves + 1; id++) all.add(['id'], [{ before: row(id), after: row(-id) }]);
    expect(() => new ChunkMoves(all, keys).take([])).toThrow(`too many of its rows (${mostMoves + 1})`);
    all.forget();
    expect(new ChunkMoves(all, keys).take([])).toEqual([]);
  });
});
