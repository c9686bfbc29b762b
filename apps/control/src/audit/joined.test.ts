import { expect, it } from 'vitest';
import type { AuditEntry } from '@lutra/model';
import { auditEntry } from './audit-entry.fixture.js';
import { keptOf } from './audit-memory.js';
import { joined } from './joined.js';

const join = (...entries: readonly AuditEntry[]) => joined(entries.map((entry) => keptOf(entry, 0))).map(({ entry }) => entry);
const change = (revision: number, name: string, at = 1_000): AuditEntry =>
  auditEntry(`${revision}-channels-${name}`, {
    at,
    action: 'channel.write',
    request: '',
    status: 0,
    subject: `channels/${name}`,
    revisions: [revision],
    change: { before: null, after: { name } },
  });
const apply = (revisions: readonly number[], at = 1_050): AuditEntry =>
  auditEntry('uuid', {
    at,
    action: 'plan.apply',
    as: 'token',
    token: 'abcdefgh2345',
    request: 'POST /api/v1/apply',
    subject: null,
    revisions,
  });

it('a request that changed documents is told by them, each once', () => {
  const told = join(apply([7, 8]), change(7, 'a'), change(7, 'b'), change(8, 'c'));
  expect(told.map(({ id }) => id)).toEqual(['7-channels-a', '7-channels-b', '8-channels-c']);
  for (const entry of told)
    expect(entry).toMatchObject({ action: 'plan.apply', as: 'token', token: 'abcdefgh2345', request: 'POST /api/v1/apply', status: 200 });
});

it('a request that changed nothing, or nothing that is known, tells of itself', () => {
  expect(join(apply([]), change(7, 'a')).map(({ id, action }) => [id, action])).toEqual([
    ['uuid', 'plan.apply'],
    ['7-channels-a', 'channel.write'],
  ]);
  expect(join(apply([9]), change(7, 'a')).map(({ id }) => id)).toEqual(['uuid', '7-channels-a']);
});

it('a request is not taken for what had its number in another tree', () => {
  const day = 24 * 3600 * 1000;
  expect(join(apply([7], day), change(7, 'a')).map(({ by, id }) => [by, id])).toEqual([
    ['ada', 'uuid'],
    ['ada', '7-channels-a'],
  ]);
});
