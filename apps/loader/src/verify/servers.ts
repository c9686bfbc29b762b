/** Connections of a verification to the servers of a channel. */
import { ApplyConnection, Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';

/** Of an endpoint, by its name. */
export type Login = (endpoint: string) => ConnectionOptions;

/** One connection a server and side: a digest takes long, and a server answers one text at a time. */
export class Servers {
  readonly #login: Login;
  readonly #sessions = new Map<string, Session>();
  readonly #writing = new Map<string, ApplyConnection>();

  constructor(login: Login) {
    this.#login = login;
  }

  async of(endpoint: string, side: 'source' | 'target'): Promise<Session> {
    const key = `${side} ${endpoint}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = await Session.open(this.#login(endpoint), side);
    this.#sessions.set(key, session);
    return session;
  }

  /** For transactions. */
  async writing(endpoint: string): Promise<ApplyConnection> {
    const known = this.#writing.get(endpoint);
    if (known && !known.broken) return known;
    const connection = await ApplyConnection.open(this.#login(endpoint));
    this.#writing.set(endpoint, connection);
    return connection;
  }

  async close(): Promise<void> {
    const open = [...this.#sessions.values(), ...this.#writing.values()];
    await Promise.allSettled(open.map((connection) => connection.close()));
  }
}
