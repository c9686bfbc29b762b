import type { VerifiedTable } from '@lutra/model';
import { expect, it } from 'vitest';
import { toDifference } from './difference-queries.js';
import { verdictText } from './verdict-text.js';

const table: VerifiedTable = {
  pipeline: 'p',
  database: 'shop',
  table: 't',
  verdict: 'different',
  pass: 1,
  notes: [],
  rows: 3,
  missingHere: 0,
  missingThere: 0,
  different: 0,
  extra: 0,
  ranges: 0,
  files: { named: 9, missingHere: 1, missingThere: 0, missing: 0, different: 2, unsettled: 0 },
  asOf: 0,
  log: 'l',
  seq: 7,
};

it('files stand in the words of a table', () => {
  expect(verdictText(table)).toBe('shop.t: not equal as of 1970-01-01T00:00:00.000Z: 1 files missing at the target, 2 files different');
  expect(verdictText({ ...table, verdict: 'equal' })).toBe('shop.t: equal as of 1970-01-01T00:00:00.000Z, 3 rows, 9 files');
});

it('a difference is about a file, or about a row', () => {
  const asked = { target: 'b', pipelines: new Map([['u', 'p']]) };
  const of = { pipeline: 'u', request: 'r', database_name: 'shop', table_name: 't', row_key: '{"id":1}', log_id: 'l', seq: '7' };
  const rest = { columns: null, there_row: null, cut: '0', problem: null, found_at: '2026-01-31 10:31:07' };
  const file = toDifference(asked, { ...of, ...rest, outcome: 'file-not-here', here_row: '{"root":"pics","path":"a.jpg"}' });
  expect(file).toMatchObject({ key: { id: 1 }, outcome: 'file-not-here', file: { root: 'pics', path: 'a.jpg' }, here: null });
  const orphan = { database_name: '', table_name: 'pics', row_key: '{}', outcome: 'file-orphan', here_row: '{"root":"pics","path":"b"}' };
  expect(toDifference(asked, { ...of, ...rest, ...orphan })).toMatchObject({ schema: '', table: 'pics', file: { path: 'b' }, here: null });
  const row = toDifference(asked, { ...of, ...rest, outcome: 'different', here_row: '{"id":1}' });
  expect(row).toMatchObject({ file: null, here: { id: 1 } });
});
