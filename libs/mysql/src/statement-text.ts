/**
 * Statements one behind the other, as the bytes of their text, and what each of them is. Changes of one kind that follow one another share
 * a statement, in their order; the last statement stays open for them.
 */
import type { LoggedImages } from '@lutra/model';
import type { RowSql } from '@lutra/rows';
import type { ColumnPlan } from './column-plan.js';
import { countStatement } from './sql-text.js';
import type { Mark, SqlText } from './sql-text.js';
import { maxAlternatives } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

/** Of one INSERT or DELETE. One large row is a statement of its own, whatever its size. */
const maxRows = 1000;
const maxBytes = 500_000;
/** A buffer that has grown beyond it is not kept. */
const keptBytes = 4 * 1024 * 1024;
const firstBytes = 64 * 1024;

export type Grouped = 'insert' | 'upsert' | 'delete';

/** How changes share a statement. */
export interface Sharing {
  readonly does: Grouped;
  readonly plan: TablePlan;
  readonly head: Uint8Array;
  /** Between two changes. */
  readonly separator: Uint8Array;
  readonly tail: string;
  readonly limit: number;
}

interface Group {
  readonly of: Sharing;
  /** Where the statement begins, and its first part. */
  readonly from: number;
  readonly first: number;
  parts: number;
  bytes: number;
}

interface Pushed {
  /** How many changes the statement carries. */
  readonly changes: number;
  /** It must match that many rows. */
  readonly counted?: boolean;
}

const behind = Buffer.from(';\n');
const comma = Buffer.from(', ');
const or = Buffer.from(' OR ');

/** Of rows: `(1, 'a')` each. */
export function sharingRows(does: 'insert' | 'upsert', plan: TablePlan, tail = ''): Sharing {
  return { does, plan, head: Buffer.from(plan.insertHead), separator: comma, tail, limit: maxRows };
}

/** Of keys: literals of `key`, or a condition each. */
export function sharingKeys(plan: TablePlan, key: ColumnPlan | null): Sharing {
  const head = Buffer.from(`DELETE FROM ${plan.quoted} WHERE ${key ? `${key.quoted} IN (` : ''}`);
  const rest = key ? { separator: comma, tail: ')', limit: maxRows } : { separator: or, tail: '', limit: maxAlternatives };
  return { does: 'delete', plan, head, ...rest };
}

export class StatementText {
  /** How many changes were added, ever. Counted by who adds them. */
  changes = 0;
  readonly #counts: boolean;
  #b = Buffer.allocUnsafeSlow(firstBytes);
  #d = viewOf(this.#b);
  #p = 0;
  #marks: Mark[] = [];
  #group: Group | null = null;

  /** @param options.counts a statement that changes rows is followed by the count of them */
  constructor({ counts }: { readonly counts: boolean }) {
    this.#counts = counts;
  }

  get bytes(): number {
    return this.#p;
  }

  /** Begins anew. */
  take(): SqlText {
    this.close();
    const text = { sql: this.#b.toString('utf8', 0, this.#p), marks: this.#marks };
    this.#p = 0;
    this.#marks = [];
    if (this.#b.length > keptBytes) this.#grow(firstBytes, 0);
    return text;
  }

  /** A statement of no row. */
  session(sql: string): void {
    this.#statement(sql);
    this.#marks.push({ does: 'session' });
  }

  /** A statement of its own. */
  push(does: Grouped | 'update', plan: TablePlan, sql: string, { changes, counted }: Pushed): void {
    this.#statement(sql);
    this.#mark(does, plan, { changes, change: this.changes, counted });
  }

  /** The same of an image's bytes. False: they are for the codec of objects, and nothing was written. */
  pushUpdate(plan: TablePlan, { update, room }: RowSql, { source, view, before, after, bytes }: LoggedImages): boolean {
    const from = this.#p === 0 ? 0 : this.#p + behind.length;
    this.#room(from - this.#p + room(bytes));
    const end = update(source, view, before, after, this.#b, this.#d, from);
    if (end < 0) return false;
    this.#copy(this.#p, from === 0 ? '' : behind);
    this.#p = end;
    this.#mark('update', plan, { changes: 1, change: this.changes });
    return true;
  }

  /** A part of a statement that is shared. */
  join(of: Sharing, part: string): void {
    const group = this.#shared(of);
    const from = this.#partFrom(of, group);
    this.#room(from - this.#p + 3 * part.length);
    this.#joined(of, group, { from, end: from + this.#b.write(part, from) });
  }

  /** The same of an image's bytes. False: they are for the codec of objects, and nothing was written. */
  joinImage(of: Sharing, write: RowSql['insert'], { source, view, bytes }: LoggedImages, at: number, room: RowSql['room']): boolean {
    const group = this.#shared(of);
    const from = this.#partFrom(of, group);
    this.#room(from - this.#p + room(bytes));
    const end = write(source, view, at, this.#b, this.#d, from);
    if (end < 0) return false;
    this.#joined(of, group, { from, end });
    return true;
  }

  /** The open one, if the next change may share it; null: there is none any more. */
  #shared({ does, plan }: Sharing): Group | null {
    const group = this.#group;
    if (group && group.of.does === does && group.of.plan === plan && group.parts < group.of.limit) return group;
    this.close();
    return null;
  }

  /** Where a part begins that is written before it is known whether it fits. */
  #partFrom({ head, separator }: Sharing, group: Group | null): number {
    if (group) return this.#p + separator.length;
    return this.#p + (this.#p === 0 ? 0 : behind.length) + head.length;
  }

  #joined(of: Sharing, group: Group | null, { from, end }: { readonly from: number; readonly end: number }): void {
    const bytes = end - from + 4;
    if (group && group.bytes + bytes > maxBytes) {
      const part = Uint8Array.prototype.slice.call(this.#b, from, end);
      this.close();
      const next = this.#partFrom(of, null);
      this.#room(next - this.#p + part.length);
      this.#b.set(part, next);
      return this.#joined(of, null, { from: next, end: next + part.length });
    }
    if (group) {
      this.#copy(this.#p, of.separator);
      group.parts++;
      group.bytes += bytes;
    } else {
      const begin = from - of.head.length;
      if (begin > 0) this.#copy(this.#p, behind);
      this.#copy(begin, of.head);
      this.#group = { of, from: begin, first: from, parts: 1, bytes: of.head.length + bytes };
    }
    this.#p = end;
  }

  /** @param uncounted of the open statement's changes, how many are not in `changes` yet */
  close(uncounted = 0): void {
    const group = this.#group;
    if (!group) return;
    this.#group = null;
    const { of, from, first, parts } = group;
    const { selectHead } = of.plan;
    if (selectHead !== null && parts === 1 && of.does !== 'delete') {
      const only = this.#b.toString('utf8', first + 1, this.#p - 1);
      this.#p = from;
      this.#append(selectHead + only);
    }
    this.#append(of.tail);
    this.#mark(of.does, of.plan, { changes: parts, change: this.changes + uncounted - parts });
  }

  #mark(does: Grouped | 'update', plan: TablePlan, of: Pushed & { readonly change: number }): void {
    const { changes, change, counted = does === 'update' || does === 'delete' } = of;
    const { database, name } = plan.target;
    const facts = { table: { database, name }, change, changes };
    this.#marks.push({ does, ...facts });
    if (!counted || !this.#counts) return; // an INSERT inserts each row or fails
    this.#statement(countStatement(changes));
    this.#marks.push({ does: 'count rows', ...facts });
  }

  #statement(sql: string): void {
    if (this.#p > 0) this.#append(';\n');
    this.#append(sql);
  }

  #append(text: string): void {
    this.#room(3 * text.length);
    this.#p += this.#b.write(text, this.#p);
  }

  #copy(at: number, bytes: Uint8Array | ''): void {
    for (let i = 0; i < bytes.length; i++) this.#b[at + i] = bytes[i] as number;
  }

  #room(bytes: number): void {
    if (this.#p + bytes > this.#b.length) this.#grow(2 * (this.#p + bytes), this.#p);
  }

  #grow(bytes: number, kept: number): void {
    const b = Buffer.allocUnsafeSlow(bytes);
    this.#b.copy(b, 0, 0, kept);
    this.#b = b;
    this.#d = viewOf(b);
  }
}

function viewOf(b: Buffer): DataView {
  return new DataView(b.buffer, b.byteOffset, b.length);
}
