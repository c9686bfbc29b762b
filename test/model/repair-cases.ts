/** Cases of repair, under the numbers of docs/decisions/0032-seeding.md. */
import { row, set } from './cases.js';
import { any, apart, fromB, hub, mesh, read } from './seed-cases.js';
import type { Hole } from './seed-cases.js';
import type { Rules } from './rules.js';
import type { Case, Row, Write } from './words.js';

const repair = (image?: Row): Write => [{ do: 'repair', key: 'p', ...(image && { image }) }];

const hole: Case = { start: {}, starts: { A: { p: row() }, B: { p: row({ v: '1' }) } }, scripts: { A: [], B: [] } };
const asInB = { wanted: { p: row({ v: '1' }) } };

export const repairHoles: readonly Hole[] = [
  {
    name: '18: the image is read before the lock',
    example: { start: {}, starts: apart, scripts: { A: [set('a', 1), repair()], B: [] } },
    wrongly: { start: {}, starts: apart, scripts: { A: [set('a', 1), repair(row({ v: 'x' }))], B: [] } },
    rules: any,
    naive: {},
  },
  {
    name: '19: a region that is not home sends a resolution record',
    example: { start: {}, starts: apart, wanted: { p: row({ v: 'y' }) }, scripts: { A: [set('y')], B: [] } },
    wrongly: { start: {}, starts: apart, scripts: { A: [], B: [repair()] } },
    rules: any,
    naive: {},
  },
  {
    name: '22: after a hole in the log of B, what B writes is decided by home',
    example: { ...hole, at: fromB, wanted: { p: row({ v: '2' }) }, scripts: { A: [], B: [set('2')] } },
    rules: { ...any, onExisting: 'B' },
    naive: { whileSeededDiffers: 'decided' },
  },
  {
    name: '22: after a hole in the log of B, home repairs with its own row',
    example: { ...hole, ...asInB, at: fromB, scripts: { A: [], B: [read('p')] } },
    wrongly: { ...hole, ...asInB, scripts: { A: [repair()], B: [] } },
    rules: { ...any, onExisting: 'B' },
    naive: {},
  },
];

/** Home repairs while everybody writes. */
export const repairs: Readonly<Record<string, readonly [Case, Partial<Rules>]>> = {
  'home wins': [{ start: {}, starts: apart, scripts: { A: [repair(), set('a', 1)], B: [set('b', 2)] } }, any],
  'home wins, a mesh': [
    { start: {}, starts: { ...apart, C: apart.A }, scripts: { A: [repair()], B: [set('b', 2)], C: [set('c', 1)] } },
    mesh,
  ],
  'home wins, a hub': [
    { start: {}, starts: { ...apart, C: apart.A }, scripts: { A: [repair(), set('a', 1)], B: [set('b', 2)], C: [set('c', 1)] } },
    hub,
  ],
  'another region wins': [{ start: {}, starts: apart, scripts: { A: [set('y')], B: [set('b', 2)] } }, any],
  'another region wins, a mesh': [
    { start: {}, starts: { ...apart, C: apart.A }, scripts: { A: [set('y')], B: [], C: [set('c', 1)] } },
    mesh,
  ],
};
