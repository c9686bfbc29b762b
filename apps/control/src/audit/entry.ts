/** Entries of the audit, pure: how they are made, how they are kept small, and how a record of the topic is one. */
import { auditEntrySchema } from '@lutra/model';
import type { ActionName, AuditEntry } from '@lutra/model';
import type { OutEvent } from '@lutra/host';
import type { HistoricKind } from '@lutra/registry';
import type { HistoryChangeBody } from '../history/history.schemas.js';
import type { AuditNote } from './audit.js';

/** Bytes of an entry as JSON. */
export const mostBytes = 64 * 1024;
const mostLetters = 2_000;

/** What a write of each kind is, where it is not known which request it was. */
const actionOf: Readonly<Record<HistoricKind, ActionName>> = {
  regions: 'region.write',
  endpoints: 'endpoint.write',
  channels: 'channel.write',
};

export function noteEntry(note: AuditNote, { id, at }: { readonly id: string; readonly at: number }): AuditEntry {
  const { by, request, subject, reason } = note;
  const short = { by: cut(by), request: cut(request), subject: subject && cut(subject), reason: cut(reason) };
  return fitted({ v: 1, ...note, ...short, revisions: [...note.revisions], id, at });
}

/** The same whoever makes it, and whenever. */
export function changeEntry(kind: HistoricKind, name: string, change: HistoryChangeBody): AuditEntry {
  const { revision, by, at, from, reason, before, after } = change;
  return fitted({
    v: 1,
    id: `${revision}-${kind}-${name}`,
    at,
    action: actionOf[kind],
    by,
    as: by === 'control' ? 'control' : 'user',
    token: null,
    from,
    request: '',
    subject: `${kind}/${name}`,
    status: 0,
    reason,
    revisions: [revision],
    change: { before, after },
  });
}

/** What tells entries apart: a tree that was made anew counts from 1 again. */
export function keyOf({ id, at }: Pick<AuditEntry, 'id' | 'at'>): string {
  return `${at} ${id}`;
}

export function recordOf(entry: AuditEntry): OutEvent {
  return { key: entry.subject ?? entry.by, value: JSON.stringify(entry) };
}

/** null: it is none, or one of a later version. */
export function entryOf(value: Buffer | null): AuditEntry | null {
  try {
    return auditEntrySchema.parse(JSON.parse(String(value)));
  } catch {
    return null;
  }
}

/** Of a document that is too large the largest parts are left out, by name: which ones there were can still be seen. */
export function fitted(entry: AuditEntry): AuditEntry {
  const excess = bytesOf(entry) - mostBytes;
  if (excess <= 0 || entry.change === null) return entry;
  const smaller = { ...entry, change: withoutLargest(entry.change, excess) };
  return bytesOf(smaller) <= mostBytes
    ? smaller
    : { ...entry, change: { before: leftOut(entry.change.before), after: leftOut(entry.change.after) } };
}

type Change = NonNullable<AuditEntry['change']>;

function withoutLargest(change: Change, excess: number): Change {
  const sides = { before: { ...fieldsOf(change.before) }, after: { ...fieldsOf(change.after) } };
  const parts = (['before', 'after'] as const)
    .flatMap((side) => Object.keys(sides[side]).map((name) => ({ side, name, bytes: bytesOf(sides[side][name]) })))
    .toSorted((a, b) => b.bytes - a.bytes);
  for (let left = excess, at = 0; left > 0 && at < parts.length; at += 1) {
    const { side, name, bytes } = parts[at] ?? { side: 'before', name: '', bytes: 0 };
    const text = leftOut(sides[side][name]);
    sides[side][name] = text;
    left -= bytes - bytesOf(text);
  }
  return { before: change.before === null ? null : sides.before, after: change.after === null ? null : sides.after };
}

function fieldsOf(document: unknown): Record<string, unknown> {
  return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
}

function leftOut(value: unknown): string | null {
  return value === null ? null : `(left out: ${bytesOf(value)} bytes)`;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

function cut(text: string): string {
  return text.length <= mostLetters ? text : `${text.slice(0, mostLetters)}…`;
}
