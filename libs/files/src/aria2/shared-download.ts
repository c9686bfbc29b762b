/** One download, and all who wait for it. It is given up when the last of them is gone. */
import { aborted } from '@lutra/runtime';

export interface DownloadOrder {
  /** 16 hex digits, not all 0: what aria2 knows it by. */
  readonly gid: string;
  /** Of the same bytes; several: mirrors. */
  readonly urls: readonly string[];
  readonly dir: string;
  /** Never out of a row: aria2 would follow `../` in it. */
  readonly out: string;
  /** Hex. Null: whoever ordered it checks the bytes; then it always begins with nothing. */
  readonly sha256: string | null;
  /** Not 0: aria2 leaves a control file beside an empty file. */
  readonly size: number;
  /** Connections at once, 1 to 16. */
  readonly split: number;
  /** Null: no limit. */
  readonly limitBytesPerSecond: number | null;
  readonly signal: AbortSignal;
  /** About once a second. */
  readonly onProgress: (done: number, bytesPerSecond: number) => void;
}

export class SharedDownload {
  readonly order: DownloadOrder;
  /** Nobody wants it any more. */
  readonly abandoned: AbortSignal;
  /** It ended in some way, and nothing writes to the file. Never rejects. */
  readonly over: Promise<void>;
  limit: number | null;
  readonly #abandon = new AbortController();
  readonly #waiters = new Set<DownloadOrder>();
  #work: Promise<void> | undefined;
  #end!: () => void;

  constructor(order: DownloadOrder) {
    this.order = order;
    this.limit = order.limitBytesPerSecond;
    this.abandoned = this.#abandon.signal;
    this.over = new Promise((resolve) => (this.#end = resolve));
  }

  begin(work: () => Promise<void>): void {
    this.#work = work().finally(() => this.#end());
    this.#work.catch(() => undefined); // those who wait are told
  }

  admits({ dir, out }: DownloadOrder): boolean {
    return !this.abandoned.aborted && dir === this.order.dir && out === this.order.out;
  }

  /** Aborted: rejects at once if others wait on, else when nothing writes to the file any more. */
  join(order: DownloadOrder): Promise<void> {
    const { signal } = order;
    return new Promise((resolve, reject) => {
      const settle = (next: () => void): void => {
        signal.removeEventListener('abort', leave);
        this.#waiters.delete(order);
        next();
      };
      const leave = (): void => {
        if (this.#waiters.size > 1) settle(() => reject(aborted(signal)));
        else this.#abandon.abort(aborted(signal));
      };
      this.#waiters.add(order);
      signal.addEventListener('abort', leave, { once: true });
      const fail = (error: unknown): void => settle(() => reject(signal.aborted ? aborted(signal) : error));
      this.#work?.then(() => settle(resolve), fail);
    });
  }

  progress(done: number, bytesPerSecond: number): void {
    for (const { onProgress } of this.#waiters) onProgress(done, bytesPerSecond);
  }
}
