/**
 * A TCP proxy: what a network does to a client. As a whole it can be cut, silenced or made to swallow answers (`mode`); and it can be
 * disturbed for some of its clients only (`disturb`), in which case nothing is lost while a connection lives, as TCP has it: bytes wait.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Flow } from './flow.js';
import type { Weather } from './flow.js';

/** open: passes · swallow: requests pass, answers do not · silent: nothing passes, connections stay · refuse: no new connections */
export type ProxyMode = 'open' | 'swallow' | 'silent' | 'refuse';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface ProxyOptions {
  /** A free one if absent. */
  readonly port?: number;
  /** Who connects, by the port that it connects from; undefined: a stranger. */
  readonly identify?: (clientPort: number) => Promise<string | undefined>;
}

/**
 * cut: connections are reset, new ones too · hold: connections are accepted and nothing arrives until it ends · deaf: what the client says
 * arrives, and it hears nothing until it ends · slow: all arrives late, and in each direction of a connection not more than so much;
 * `heldBytes` are under way at once (256 KiB if absent)
 */
export type Disturbance = (
  | { readonly kind: 'cut' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'deaf' }
  | { readonly kind: 'slow'; readonly delayMs: number; readonly bytesPerSecond?: number; readonly heldBytes?: number }
) & {
  /** Whom it meets. */
  readonly who: (client: string | undefined) => boolean;
};

/** Of a connection, in each direction. */
const usualHeldBytes = 256 * 1024;

interface Joined {
  readonly name: string | undefined;
  readonly client: Socket;
  readonly flows: readonly Flow[];
}

export class Proxy {
  readonly #server: Server;
  readonly #target: () => Target;
  readonly #identify: ProxyOptions['identify'];
  readonly #sockets = new Set<Socket>();
  readonly #joined = new Set<Joined>();
  readonly #disturbances = new Set<Disturbance>();
  /** By client, of connections that have ended. */
  readonly #carried = new Map<string | undefined, number>();
  #mode: ProxyMode = 'open';
  #answers = Infinity;

  private constructor(target: () => Target, identify: ProxyOptions['identify']) {
    this.#target = target;
    this.#identify = identify;
    this.#server = createServer({ pauseOnConnect: true }, (client) => void this.#meet(client));
  }

  /** The target may be known later than the proxy's own address. */
  static async start(target: Target | (() => Target), { port = 0, identify }: ProxyOptions = {}): Promise<Proxy> {
    const proxy = new Proxy(typeof target === 'function' ? target : () => target, identify);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connect(): string {
    return `127.0.0.1:${this.port}`;
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

  /** Until the function that it returns is called. */
  disturb(disturbance: Disturbance): () => void {
    this.#disturbances.add(disturbance);
    this.#weatherChanged();
    return () => {
      this.#disturbances.delete(disturbance);
      this.#weatherChanged();
    };
  }

  /** Bytes of a client so far, in both directions. */
  carried(client: string | undefined): number {
    const now = [...this.#joined].flatMap(({ name, flows }) => (name === client ? flows : []));
    return now.reduce((sum, flow) => sum + flow.carried, this.#carried.get(client) ?? 0);
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #meet(client: Socket): Promise<void> {
    this.#keep(client);
    if (this.#mode === 'refuse') return void client.destroy();
    const name = await this.#identify?.(client.remotePort ?? 0).catch(() => undefined);
    if (client.destroyed) return;
    if (this.#meets('cut', name)) return void client.resetAndDestroy();
    this.#join(client, name);
  }

  #join(client: Socket, name: string | undefined): void {
    const server = connect(this.#target());
    this.#keep(server);
    const weather = (isAnswer: boolean) => () => ({
      held: this.#meets('hold', name) || (isAnswer && this.#meets('deaf', name)),
      ...this.#slowness(name),
    });
    const requests = new Flow(client, server, { weather: weather(false), drops: () => this.#mode === 'silent' || this.#mode === 'refuse' });
    // One request at a time gives one piece per answer.
    const answers = new Flow(server, client, { weather: weather(true), drops: () => this.#mode !== 'open' || this.#answers-- <= 0 });
    const joined = { name, client, flows: [requests, answers] };
    this.#joined.add(joined);
    client.on('close', () => {
      this.#joined.delete(joined);
      this.#carried.set(
        name,
        joined.flows.reduce((sum, flow) => sum + flow.carried, this.#carried.get(name) ?? 0),
      );
    });
    client.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #weatherChanged(): void {
    for (const { name, client, flows } of this.#joined) {
      if (this.#meets('cut', name)) client.resetAndDestroy();
      else for (const flow of flows) flow.pump();
    }
  }

  #meets(kind: Disturbance['kind'], name: string | undefined): boolean {
    return [...this.#disturbances].some((disturbance) => disturbance.kind === kind && disturbance.who(name));
  }

  #slowness(name: string | undefined): Omit<Weather, 'held'> {
    const of = [...this.#disturbances].filter((disturbance) => disturbance.kind === 'slow').filter(({ who }) => who(name));
    return {
      delayMs: Math.max(0, ...of.map(({ delayMs }) => delayMs)),
      bytesPerSecond: Math.min(Infinity, ...of.map(({ bytesPerSecond = Infinity }) => bytesPerSecond)),
      heldBytes: Math.max(usualHeldBytes, ...of.map(({ heldBytes = 0 }) => heldBytes)),
    };
  }
}
