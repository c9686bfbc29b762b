/**
 * Heartbeat records: they carry the full position, so that it advances while no row is published, and so that the tail is short to read.
 */
import type { Position, Seen } from '@lutra/model';
import type { LogWriter } from './log-writer.js';
import type { Boundary } from './output.js';

/** At most this often while the position moves, and this often while it does not. */
const movingMs = 1_000;
const idleMs = 10_000;

export interface HeartbeatPosition {
  readonly position: Position;
  readonly seen: Seen;
  /** Of what lies behind the position, what is in the log already: so many resolutions, and the rows up to this transaction. */
  readonly resolutions: number;
  readonly publishedThrough: string | null;
}

export class Heartbeats {
  readonly #endpoint: string;
  readonly #writer: LogWriter;
  #lastAt = 0;
  #last = '';

  constructor(endpoint: string, writer: LogWriter) {
    this.#endpoint = endpoint;
    this.#writer = writer;
  }

  /** Call between transactions only. */
  async maybe(boundary: Boundary, resolutions = 0): Promise<void> {
    const elapsed = Date.now() - this.#lastAt;
    if (elapsed < movingMs) return;
    if (elapsed < idleMs && this.#last === `${boundary.end.file}:${boundary.end.pos}`) return;
    const { end: position, seen, publishedThrough } = boundary;
    await this.now({ position, seen, resolutions, publishedThrough });
  }

  async now(heartbeat: HeartbeatPosition): Promise<void> {
    const { position } = heartbeat;
    this.#lastAt = Date.now();
    this.#last = `${position.file}:${position.pos}`;
    await this.#writer.control({ kind: 'heartbeat', endpoint: this.#endpoint, ...heartbeat, tsMs: Date.now() });
  }
}
