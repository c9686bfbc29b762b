/**
 * XA transactions. Their rows stand in the binlog at XA PREPARE, and whether they are in force is said later, by XA COMMIT or XA ROLLBACK
 * in a transaction of its own. What was prepared while we read is kept here until then: its position, and its rows while all of them
 * together are few. What was prepared before is found again in the binlog itself (prepared-rows.ts), so nothing has to be remembered beyond
 * a connection. Decision 0019.
 */
import { ByteReader } from '@lutra/bytes';
import type { FilePosition, SourceItem, SourceSession } from '@lutra/model';

type Rows = Extract<SourceItem, { kind: 'rows' }>;

/** A transaction that was prepared and neither committed nor rolled back, and where it begins. */
export interface PreparedTransaction extends FilePosition {
  /** As the server prints it: `X'67',X'62',1`. */
  readonly xid: string;
  readonly gtid: string | null;
  /** ms since 1970, by the source's clock. */
  readonly sinceMs: number;
}

/** Decoded rows take several times as much. */
const mostHeldBytes = 2 * 1024 * 1024;

/** null: there are too many. They stand in the binlog. */
export type HeldRows = readonly Rows[] | null;

interface Held {
  readonly session: SourceSession;
  readonly rows: HeldRows;
  readonly bytes: number;
}

interface Kept extends Held {
  /** Where it begins. */
  readonly start: PreparedTransaction;
}

export class PreparedTransactions {
  readonly #byXid = new Map<string, Kept>();
  readonly #onChange: (prepared: readonly PreparedTransaction[]) => void;
  #bytes = 0;
  #open: Rows[] | null = [];
  #openBytes = 0;

  constructor(onChange: (prepared: readonly PreparedTransaction[]) => void) {
    this.#onChange = onChange;
  }

  /** Rows of the transaction that is open. */
  hold(rows: Rows): void {
    this.#openBytes += rows.bytes;
    if (this.#bytes + this.#openBytes > mostHeldBytes) this.#open = null;
    this.#open?.push(rows);
  }

  /** The open one's. */
  takeOpen(session: SourceSession): Held {
    const held = { session, rows: this.#open, bytes: this.#open === null ? 0 : this.#openBytes };
    this.#open = [];
    this.#openBytes = 0;
    return held;
  }

  /** One that is there under the same xid has ended unseen: a server does not prepare a second one. */
  add(transaction: PreparedTransaction, held: Held): void {
    this.#discard(transaction.xid);
    this.#byXid.set(transaction.xid, { ...held, start: transaction });
    this.#bytes += held.bytes;
    this.#tell();
  }

  /** Each is found again by where it begins. */
  discardRows(): void {
    for (const [xid, kept] of this.#byXid) this.#byXid.set(xid, { ...kept, rows: null, bytes: 0 });
    this.#bytes = 0;
  }

  /** Undefined: it was prepared before we read. */
  take(xid: string): Kept | undefined {
    const kept = this.#discard(xid);
    if (kept) this.#tell();
    return kept;
  }

  #discard(xid: string): Kept | undefined {
    const kept = this.#byXid.get(xid);
    this.#byXid.delete(xid);
    this.#bytes -= kept?.bytes ?? 0;
    return kept;
  }

  #tell(): void {
    this.#onChange([...this.#byXid.values()].map(({ start }) => start));
  }
}

const verbs = { START: 'xa-start', END: 'xa-end', COMMIT: 'xa-commit', ROLLBACK: 'xa-rollback' } as const;
const pattern = /^XA (START|END|COMMIT|ROLLBACK) X'([\da-f]*)',X'([\da-f]*)',(\d+)$/i;

export interface XaStatement {
  readonly kind: (typeof verbs)[keyof typeof verbs];
  readonly xid: string;
}

/** Only what the server itself writes; null: anything else. */
export function xaStatement(sql: string): XaStatement | null {
  const found = pattern.exec(sql);
  if (!found) return null;
  const [, verb = '', gtrid = '', bqual = '', format = ''] = found;
  return { kind: verbs[verb.toUpperCase() as keyof typeof verbs], xid: xidText(gtrid, bqual, Number(BigInt.asUintN(32, BigInt(format)))) };
}

/** The event that ends a transaction's rows: XA PREPARE, or XA COMMIT … ONE PHASE. */
export function readXaPrepare(body: Buffer): { readonly xid: string; readonly onePhase: boolean } {
  const reader = new ByteReader(body);
  const onePhase = reader.u8() !== 0;
  const [format, gtridBytes, bqualBytes] = [reader.u32(), reader.u32(), reader.u32()];
  const [gtrid, bqual] = [reader.take(gtridBytes), reader.take(bqualBytes)];
  return { xid: xidText(gtrid.toString('hex'), bqual.toString('hex'), format), onePhase };
}

function xidText(gtrid: string, bqual: string, format: number): string {
  return `X'${gtrid.toLowerCase()}',X'${bqual.toLowerCase()}',${format}`;
}
