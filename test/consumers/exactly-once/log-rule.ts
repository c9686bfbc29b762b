/**
 * Which records of a topic count, and where a transaction is whole: the rule of docs/01-concepts.md. Offsets are no identity: a topic may
 * be deleted and created again, or lose its end and be written anew. So the place names the log, the epoch and the seq too.
 */
export interface Place {
  /** '' before the first record. */
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
  /** Of the record that the place names. */
  readonly offset: number;
}

export const beginning: Place = { log: '', epoch: -1, seq: -1, offset: -1 };

export interface Header extends Place {
  readonly kind: string;
}

export class Reading<Change> {
  #place: Place;
  /** The record at the place was seen again, and is what it was. */
  #verified: boolean;
  #open: Change[] = [];

  constructor(place: Place) {
    this.#place = place;
    this.#verified = place.offset < 0;
  }

  /** Where to begin: with the record at the place, to see whether this is still the log that we know. */
  get startOffset(): number {
    return Math.max(0, this.#place.offset);
  }

  /** Null unless the record ends a transaction, or stands between two; then what is to be applied, with the place to keep beside it. */
  take(header: Header, row: { readonly change: Change; readonly order: number; readonly last: boolean } | null) {
    if (!this.#verified) return this.#verify(header);
    if (!this.#counts(header)) return null;
    if (!row && this.#open.length > 0) throw new Error(`offset ${header.offset}: a ${header.kind} record inside a transaction`);
    if (row && row.order !== this.#open.length + 1) throw new Error(`offset ${header.offset}: the transaction begins in its middle`);
    if (row) this.#open.push(row.change);
    if (row && !row.last) return null;
    const changes = this.#open;
    this.#open = [];
    return { changes, place: this.#place };
  }

  #verify({ log, epoch, seq, offset }: Header): null {
    const place = this.#place;
    if (log !== place.log) throw new Error(`offset ${offset}: another log; the topic was created again`);
    if (epoch !== place.epoch || seq !== place.seq) throw new Error(`offset ${offset}: another record than was read; the log was cut`);
    this.#verified = true;
    return null;
  }

  #counts({ kind, log, epoch, seq, offset }: Header): boolean {
    const place = this.#place;
    if (kind === 'epoch') {
      if (epoch <= place.epoch) return false;
      this.#open = []; // its leader was replaced; the next one publishes it again, whole
      this.#place = { ...place, epoch };
      return false;
    }
    if (epoch < place.epoch) return false; // void: written by a leader that had been replaced
    if (epoch > place.epoch) throw new Error(`offset ${offset}: epoch ${epoch} without an epoch record`);
    if (place.log !== '' && log !== place.log) throw new Error(`offset ${offset}: another log; the topic was created again`);
    if (seq <= place.seq) return false; // a repetition
    if (seq !== place.seq + 1) throw new Error(`offset ${offset}: seq ${seq} follows ${place.seq}; records are missing`);
    this.#place = { log, epoch, seq, offset };
    return true;
  }
}
