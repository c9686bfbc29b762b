/**
 * Which server to try next, how long to give it, and how long to pause in between. At first quickly, so that every server is tried before
 * the session is over; then with more patience, for servers that are slow rather than gone.
 *
 * Who has a session to save is patient one time in four only. Counter-example: a server that starts accepts the connection and drops it;
 * who waits for it as long as a session lasts comes when it has given the session up.
 */
const minBoundMs = 1_000;
const maxFirstBoundMs = 2_000;
const maxPauseMs = 1_000;
const firstPauseMs = 50;

export class Attempts {
  readonly #servers: readonly string[];
  readonly #sessionTimeoutMs: number;
  #next = 0;
  /** Since the last connection that lasted. */
  #failures = 0;

  /** `servers` in the order in which they are tried, round and round. */
  constructor(servers: readonly string[], sessionTimeoutMs: number) {
    this.#servers = servers;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  next({ saving = false }: { readonly saving?: boolean } = {}): { readonly server: string; readonly boundMs: number } {
    const server = this.#servers[this.#next % this.#servers.length] ?? '';
    this.#next += 1;
    const share = this.#sessionTimeoutMs / (this.#servers.length + 1);
    const first = Math.max(minBoundMs, Math.min(maxFirstBoundMs, share));
    const longest = Math.max(maxFirstBoundMs, this.#sessionTimeoutMs);
    const patient = Math.min(longest, first * (1 + this.#rounds));
    const hasty = Math.min(patient, Math.max(minBoundMs, this.#sessionTimeoutMs / 2));
    return { server, boundMs: saving && this.#rounds % 4 !== 3 ? hasty : patient };
  }

  /** The last attempt gave a connection for so long (0: none). Returns how long to pause, ms. */
  ended(lastedMs: number): number {
    // A server that accepts and cuts at once is no better than none.
    this.#failures = lastedMs > maxPauseMs ? 0 : this.#failures + 1;
    return this.#failures === 0 ? 0 : Math.min(maxPauseMs, firstPauseMs * 2 ** Math.min(10, this.#rounds));
  }

  /** How often all servers were tried in vain. */
  get #rounds(): number {
    return Math.floor(this.#failures / this.#servers.length);
  }
}
