/** What loaders leave in the binlog besides rows, as the source gives it: checkpoints, and rows of lutra.signal. */
import { rowToJson } from '@lutra/model';
import type { Row, SourceItem, TableSchema } from '@lutra/model';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';

const checkpoint: TableSchema = { database: 'lutra', name: 'checkpoint', columns: [], primaryKey: [] };
const at = { file: 'binlog.1', pos: 5 };

export function checkpointRow(seq: number, epoch = 1): Row {
  return {
    pipeline: 'c.p',
    part: 0,
    lane: 0,
    log_id: 'L',
    log_epoch: 1n,
    seq: BigInt(seq),
    next_offset: 1n,
    gtid: null,
    source_us: 0n,
    origin: 'california',
    path: 'california',
    epoch: BigInt(epoch),
    n: 1n,
  };
}

/** A checkpoint that is moved. */
export function marker(seq: number): SourceItem {
  const row = checkpointRow(seq);
  return { kind: 'rows', table: checkpoint, op: 'u', rows: [{ before: row, after: row }], flags: 0, at, bytes: 100 };
}

export function signals(...after: Row[]): SourceItem {
  const table = { ...checkpoint, name: 'signal' };
  return { kind: 'rows', table, op: 'c', rows: after.map((row) => ({ before: null, after: row })), flags: 0, at, bytes: 100 };
}

/** What a loader does not write any more: a table of shop, of the pipeline `ab.back` unless another one is named. */
export function suspends(name: string, more: Row = {}): SourceItem {
  const of = { pipeline: uidOf('ab.back'), database_name: 'shop', table_name: name, code: 'TABLE_MISSING', message: 'gone', because: '' };
  const row: Row = { ...of, log_id: 'L', seq: 5n, suspended_at: '2026-01-01 00:00:00.000', ended_at: null, ...more };
  const table = { ...checkpoint, name: 'suspended' };
  return { kind: 'rows', table, op: 'c', rows: [{ before: null, after: row }], flags: 0, at, bytes: 100 };
}

export function watermark(token: string, pipeline = 'c.p'): Row {
  return { pipeline, kind: 'watermark', slot: 0, n: 1n, content: token };
}

export function resolution(slot: number, id: number, gone = false): Row {
  const text = rowToJson({ id });
  const content = JSON.stringify({ channel: 'c', database: 'shop', table: 'orders', key: text, row: gone ? null : text });
  return { pipeline: 'c.p', kind: 'resolution', slot, n: 1n, content };
}
