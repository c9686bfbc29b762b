/** What becomes of a row that both sides changed, by policy, where the target's versions are home's. */
import type { Row, TwoWayPolicy } from '@lutra/model';
import type { RoomOptions } from '../detect/conflict-detector.fixture.js';

export const columns = 'id int primary key, name varchar(40), stock int, best int, version int';
const item = (id: number, more: Row = {}): Row => ({ id, name: 'otter', stock: 10, best: 5, version: 1, ...more });
export const values = ({ id, name, stock, best, version }: Row): string =>
  `(${[id, `'${String(name)}'`, stock, best, version].map(String).join(', ')})`;

export const rules = {
  home: { policy: 'home' },
  latest: { policy: 'latest', version: 'version' },
  'latest, deletes win': { policy: 'latest', version: 'version', deletes: 'win' },
  merge: { policy: 'merge', columns: { stock: 'delta', best: 'max' } },
  'merge, deletes win': { policy: 'merge', columns: { stock: 'delta', best: 'max' }, deletes: 'win' },
} as const satisfies Record<TwoWayPolicy, RoomOptions['rule']> & Record<string, RoomOptions['rule']>;

/** The row is `was` at both sides, then the target makes it `here`, and a transaction that has not seen that comes. */
export interface Case {
  readonly was: Row | null;
  readonly here: Row | null;
  readonly comes: Row | null;
}

export const was = item(1);
export const older = item(1, { name: 'older', stock: 7, best: 9, version: 2 });
export const newer = item(1, { name: 'newer', stock: 15, best: 6, version: 3 });
export const cases = {
  'insert-exists': { was: null, here: older, comes: newer },
  'insert-exists, older': { was: null, here: newer, comes: older },
  'update-differs': { was, here: older, comes: newer },
  'update-differs, older': { was, here: newer, comes: older },
  'update-missing': { was, here: null, comes: newer },
  'delete-differs': { was, here: newer, comes: null },
  'delete-missing': { was, here: null, comes: null },
} as const satisfies Record<string, Case>;

type Ends = readonly [winner: string, row: Row | null];
const incoming = (row: Row | null): Ends => ['incoming', row];
const existing = (row: Row | null): Ends => ['existing', row];
const gone: Ends = ['both', null];
const summed = item(1, { name: 'older', stock: 12, best: 9, version: 2 });

/** At home, where the last word is spoken, the target's versions are home's. */
export const atHome: Record<keyof typeof rules, Record<keyof typeof cases, Ends>> = {
  home: {
    'insert-exists': existing(older),
    'insert-exists, older': existing(newer),
    'update-differs': existing(older),
    'update-differs, older': existing(newer),
    'update-missing': existing(null),
    'delete-differs': existing(newer),
    'delete-missing': gone,
  },
  latest: {
    'insert-exists': incoming(newer),
    'insert-exists, older': existing(newer),
    'update-differs': incoming(newer),
    'update-differs, older': existing(newer),
    'update-missing': incoming(newer),
    'delete-differs': existing(newer),
    'delete-missing': gone,
  },
  'latest, deletes win': {
    'insert-exists': incoming(newer),
    'insert-exists, older': existing(newer),
    'update-differs': incoming(newer),
    'update-differs, older': existing(newer),
    'update-missing': existing(null),
    'delete-differs': incoming(null),
    'delete-missing': gone,
  },
  merge: {
    'insert-exists': existing(older),
    'insert-exists, older': ['both', { ...newer, best: 9 }],
    'update-differs': ['both', summed],
    'update-differs, older': ['both', { ...newer, stock: 12, best: 9 }],
    'update-missing': incoming(newer),
    'delete-differs': existing(newer),
    'delete-missing': gone,
  },
  'merge, deletes win': {
    'insert-exists': existing(older),
    'insert-exists, older': ['both', { ...newer, best: 9 }],
    'update-differs': ['both', summed],
    'update-differs, older': ['both', { ...newer, stock: 12, best: 9 }],
    'update-missing': existing(null),
    'delete-differs': incoming(null),
    'delete-missing': gone,
  },
};
