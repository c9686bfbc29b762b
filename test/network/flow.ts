/** One direction of one connection through a proxy: bytes, and then the end, in order; at once, late, or not before somebody lets them. */
import type { Socket } from 'node:net';

export interface Weather {
  readonly held: boolean;
  readonly delayMs: number;
  /** Infinity: as many as come. */
  readonly bytesPerSecond: number;
  /** What a network holds of a connection. Beyond that the sender's own buffers fill, as they do behind a real one. */
  readonly heldBytes: number;
}

export interface FlowOptions {
  readonly weather: () => Weather;
  /** Asked for each piece: it is lost, and the connection stays. */
  readonly drops: () => boolean;
}

interface Waiting {
  /** null: the connection ends here. */
  readonly bytes: Buffer | null;
  readonly due: number;
}

export class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #options: FlowOptions;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  /** When the line has sent what it took so far. */
  #sentAt = 0;
  #carried = 0;
  #timer: NodeJS.Timeout | undefined;
  #wasReset = false;

  constructor(from: Socket, to: Socket, options: FlowOptions) {
    this.#from = from;
    this.#to = to;
    this.#options = options;
    from.on('data', (bytes: Buffer) => {
      if (!options.drops()) this.#take(bytes);
    });
    from.on('error', () => (this.#wasReset = true));
    from.on('close', () => this.#take(null));
    to.on('drain', () => this.pump());
    to.on('close', () => clearTimeout(this.#timer));
  }

  /** Bytes that were taken so far. */
  get carried(): number {
    return this.#carried;
  }

  /** Passes on what may pass now. */
  pump(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const next = this.#waiting[0];
      if (next === undefined || this.#to.destroyed || this.#options.weather().held || this.#to.writableNeedDrain) break;
      const waitMs = next.due - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        break;
      }
      this.#waiting.shift();
      this.#pass(next.bytes);
    }
    if (this.#bytes < this.#options.weather().heldBytes && this.#from.isPaused() && !this.#from.destroyed) this.#from.resume();
  }

  #take(bytes: Buffer | null): void {
    const { delayMs, bytesPerSecond, heldBytes } = this.#options.weather();
    const length = bytes?.length ?? 0;
    this.#sentAt = Math.max(this.#sentAt, performance.now()) + (1000 * length) / bytesPerSecond;
    this.#waiting.push({ bytes, due: this.#sentAt + delayMs });
    this.#bytes += length;
    this.#carried += length;
    if (this.#bytes >= heldBytes) this.#from.pause();
    this.pump();
  }

  #pass(bytes: Buffer | null): void {
    this.#bytes -= bytes?.length ?? 0;
    if (bytes !== null) this.#to.write(bytes);
    else if (this.#wasReset) this.#to.resetAndDestroy();
    else this.#to.destroySoon();
  }
}
