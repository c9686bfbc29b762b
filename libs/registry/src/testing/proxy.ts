/** A TCP proxy that can be cut, silenced or made to swallow answers: what a network does to a client of ZooKeeper. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';

/** open: passes · swallow: requests pass, answers do not · silent: nothing passes, connections stay · refuse: no new connections */
export type ProxyMode = 'open' | 'swallow' | 'silent' | 'refuse';

export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: ProxyMode = 'open';
  #answers = Infinity;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => this.#join(client, target));
  }

  static async start(target: { readonly host: string; readonly port: number }): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get connect(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  set mode(mode: ProxyMode) {
    this.#mode = mode;
    this.#answers = Infinity;
  }

  /** Lets so many more answers pass, then swallows. */
  swallowAfter(answers: number): void {
    this.#answers = answers;
  }

  /** Cuts what is connected. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, target: { readonly host: string; readonly port: number }): void {
    if (this.#mode === 'refuse') return void client.destroy();
    const server = connect(target);
    this.#pass(client, server, () => this.#mode === 'open' || this.#mode === 'swallow');
    // One request at a time gives one piece per answer.
    this.#pass(server, client, () => this.#mode === 'open' && this.#answers-- > 0);
  }

  #pass(from: Socket, to: Socket, passes: () => boolean): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (passes()) to.write(bytes);
    });
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
