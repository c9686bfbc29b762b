import { describe, expect, it } from 'vitest';
import { auditEntry } from './audit-entry.fixture.js';
import { AuditMemory } from './audit-memory.js';

const idsOf = (memory: AuditMemory): string[] => memory.newest.map(({ entry }) => entry.id);

describe('the memory of the audit', () => {
  it('has each entry once, newest first', () => {
    const memory = new AuditMemory();
    memory.add(auditEntry('b', { at: 2 }));
    memory.add(auditEntry('a', { at: 1 }), 5);
    memory.add(auditEntry('b', { at: 2 }), 7);
    memory.add(auditEntry('c', { at: 3 }), 6);
    expect(idsOf(memory)).toEqual(['c', 'b', 'a']);
    expect(memory.newest.map(({ offset }) => offset)).toEqual([6, 7, 5]);
  });

  it('does not take an entry of a new tree for one of an older tree that has its number', () => {
    const memory = new AuditMemory();
    memory.add(auditEntry('1-regions-a', { at: 1, by: 'ada' }), 0);
    memory.add(auditEntry('1-regions-a', { at: 2, by: 'eve' }), 1);
    expect(memory.newest.map(({ entry }) => entry.by)).toEqual(['eve', 'ada']);
  });

  it('removes what stands first in the topic, and says from where on it has all', () => {
    const memory = new AuditMemory({ entries: 10 });
    memory.reaches(100);
    memory.add(auditEntry('own', { at: 0 }));
    for (let n = 0; n < 10; n += 1) memory.add(auditEntry(`e${n}`, { at: 1000 - n }), 100 + n);
    expect(idsOf(memory)).toEqual(['e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8', 'e9', 'own']);
    expect(memory.floor).toBe(102);
  });

  it('is bounded in bytes', () => {
    const memory = new AuditMemory({ bytes: 100_000 });
    memory.reaches(0);
    for (let n = 0; n < 100; n += 1) memory.add(auditEntry(`e${n}`, { at: n, change: { before: null, after: 'x'.repeat(10_000) } }), n);
    expect(memory.newest.length).toBeLessThan(10);
    expect(memory.newest[0]?.entry.id).toBe('e99');
    expect(memory.floor).toBe(100 - memory.newest.length);
  });

  it('keeps what it knows when the topic may be another one', () => {
    const memory = new AuditMemory();
    memory.reaches(3);
    memory.add(auditEntry('a'), 3);
    memory.forgetTopic();
    expect(memory.floor).toBeNull();
    memory.reaches(0);
    memory.add(auditEntry('a'), 0);
    expect(memory.newest.map(({ offset }) => offset)).toEqual([0]);
  });
});
