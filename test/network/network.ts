/**
 * The network between the apps and the servers of a stack: one proxy before each server, which tells its clients apart by their
 * processes. Servers' addresses are known before the servers run. Strangers (the tests themselves) pass undisturbed.
 */
import { freePorts } from '../servers/ports.js';
import { Proxy } from './proxy.js';
import type { Disturbance, Target } from './proxy.js';
import { socketOwner } from './socket-owner.js';

export const serverNames = ['zookeeper', 'kafka', 'mysql-a', 'mysql-b'] as const;
export type ServerName = (typeof serverNames)[number];

/** What a network must know of what it lies between. */
export interface Surroundings {
  readonly targets: Readonly<Record<ServerName, Target>>;
  /** pid → name of the apps that run now. */
  readonly apps: () => ReadonlyMap<number, string>;
}

export class Network {
  readonly #proxies: Readonly<Record<ServerName, Proxy>>;
  readonly #endpoint: { surroundings?: Surroundings };

  private constructor(proxies: Readonly<Record<ServerName, Proxy>>, endpoint: { surroundings?: Surroundings }) {
    this.#proxies = proxies;
    this.#endpoint = endpoint;
  }

  static async open(): Promise<Network> {
    const endpoint: { surroundings?: Surroundings } = {};
    const known = (): Surroundings => {
      if (!endpoint.surroundings) throw new Error('the network lies between nothing yet: join()');
      return endpoint.surroundings;
    };
    const ports = await freePorts(serverNames.length);
    const entries = serverNames.map(async (name, index) => {
      const to = ports[index] ?? 0;
      const identify = (from: number): Promise<string | undefined> => socketOwner({ from, to }, known().apps());
      return [name, await Proxy.start(() => known().targets[name], { port: to, identify })] as const;
    });
    return new Network(Object.fromEntries(await Promise.all(entries)) as Record<ServerName, Proxy>, endpoint);
  }

  join(surroundings: Surroundings): void {
    this.#endpoint.surroundings = surroundings;
  }

  /** Where an app finds the server. */
  at(server: ServerName): Target & { readonly address: string } {
    const { port, connect } = this.#proxies[server];
    return { host: '127.0.0.1', port, address: connect };
  }

  /** Until the function that it returns is called. */
  disturb(server: ServerName, disturbance: Disturbance): () => void {
    return this.#proxies[server].disturb(disturbance);
  }

  /** Bytes between an app and the server so far, in both directions; undefined: those of strangers. */
  carried(server: ServerName, client: string | undefined): number {
    return this.#proxies[server].carried(client);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#proxies).map((proxy) => proxy.stop()));
  }
}
