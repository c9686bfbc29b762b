/** What a chunk has read of one key. Thousands are held, so that the key is made of the row only where somebody asks for it. Pure. */
import type { FilePosition, Row } from '@lutra/model';
import { keyOfChunkRow } from '@lutra/mysql';
import type { ChunkPlan } from '@lutra/mysql';
import type { Candidate, TouchWindow } from './touches.js';

interface HowRead {
  /** Or what was asked for, if no row has that key. */
  readonly row: Row;
  readonly isAbsent?: boolean;
  readonly since: number;
  /** The row is as read there, whatever touched it before; null: `since` counts. */
  readonly exactFrom: FilePosition | null;
}

export class Held implements Candidate {
  readonly row: Row | null;
  readonly since: number;
  readonly #plan: ChunkPlan;
  readonly #read: HowRead;

  constructor(plan: ChunkPlan, read: HowRead) {
    this.row = read.isAbsent ? null : read.row;
    this.since = read.since;
    this.#plan = plan;
    this.#read = read;
  }

  get key(): Row {
    return keyOfChunkRow(this.#plan, this.#read.row);
  }

  /** Where what counts for it may begin later than known. */
  at(window: TouchWindow): Held {
    const { exactFrom } = this.#read;
    return exactFrom === null ? this : new Held(this.#plan, { ...this.#read, since: window.firstFrom(exactFrom) });
  }
}
