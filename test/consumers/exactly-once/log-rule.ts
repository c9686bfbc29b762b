/**
 * Which records of a topic count, and where a transaction is whole: the rule of docs/01-concepts.md. Offsets are no identity: a topic may
 * be deleted and created again, or lose its end and be written anew. So the position names the log, the epoch and the seq too.
 */
export interface LogPosition {
  /** '' before the first record. */
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
  /** Of the record that the position names. */
  readonly offset: number;
}

export const beginning: LogPosition = { log: '', epoch: -1, seq: -1, offset: -1 };

export interface Header extends LogPosition {
  readonly kind: string;
  /** Its writer says that whoever does not know the kind may pass by. */
  readonly mayBePassed: boolean;
}

/** Kinds that this program knows. Another one may say something about the rows that follow. */
const known: ReadonlySet<string> = new Set([
  'row',
  'epoch',
  'heartbeat',
  'routes',
  'ddl',
  'restart',
  'watermark',
  'resolution',
  // Around rows that are copied (op r), which come as a transaction like any other.
  'seed',
  'chunk',
]);

export class Reading<Change> {
  #position: LogPosition;
  /** The record at the position was seen again, and is what it was. */
  #verified: boolean;
  #open: Change[] = [];

  constructor(position: LogPosition) {
    this.#position = position;
    this.#verified = position.offset < 0;
  }

  /** Where to begin: with the record at the position, to see whether this is still the log that we know. */
  get startOffset(): number {
    return Math.max(0, this.#position.offset);
  }

  /** Null unless the record ends a transaction, or stands between two; then what is to be applied, with the position to keep beside it. */
  take(header: Header, row: { readonly change: Change; readonly order: number; readonly last: boolean } | null) {
    if (!this.#verified) return this.#verify(header);
    if (!this.#counts(header)) return null;
    if (!known.has(header.kind) && !header.mayBePassed)
      throw new Error(`offset ${header.offset}: a record of kind ${header.kind}, which this program does not know`);
    if (!row && this.#open.length > 0) throw new Error(`offset ${header.offset}: a ${header.kind} record inside a transaction`);
    if (row && row.order !== this.#open.length + 1) throw new Error(`offset ${header.offset}: the transaction begins in its middle`);
    if (row) this.#open.push(row.change);
    if (row && !row.last) return null;
    const changes = this.#open;
    this.#open = [];
    return { changes, position: this.#position };
  }

  #verify({ log, epoch, seq, offset }: Header): null {
    const position = this.#position;
    if (log !== position.log) throw new Error(`offset ${offset}: another log; the topic was created again`);
    if (epoch !== position.epoch || seq !== position.seq)
      throw new Error(`offset ${offset}: another record than was read; the log was cut`);
    this.#verified = true;
    return null;
  }

  #counts({ kind, log, epoch, seq, offset }: Header): boolean {
    const position = this.#position;
    if (kind === 'epoch') {
      if (epoch <= position.epoch) return false;
      this.#open = []; // its leader was replaced; the next one publishes it again, whole
      this.#position = { ...position, epoch };
      return false;
    }
    if (epoch < position.epoch) return false; // void: written by a leader that had been replaced
    if (epoch > position.epoch) throw new Error(`offset ${offset}: epoch ${epoch} without an epoch record`);
    if (position.log !== '' && log !== position.log) throw new Error(`offset ${offset}: another log; the topic was created again`);
    if (seq <= position.seq) return false; // a repetition
    if (seq !== position.seq + 1) throw new Error(`offset ${offset}: seq ${seq} follows ${position.seq}; records are missing`);
    this.#position = { log, epoch, seq, offset };
    return true;
  }
}
