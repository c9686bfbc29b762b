/**
 * A middlebox that lets a dump's heartbeats pass and swallows everything else that it sends; `stale`: each heartbeat is the last one from
 * before. MySQL numbers its packets, so what is left is numbered anew: the client notices nothing.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

const heartbeat = 27;
/** Packet header, status byte, an event's time stamp. */
const typeOffset = 4 + 1 + 4;

export interface Middlebox {
  readonly port: number;
  mode: 'open' | 'swallow' | 'stale';
  stop(): Promise<void>;
}

export async function middlebox(target: { readonly host: string; readonly port: number }): Promise<Middlebox> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()));
    const isDump = watchForDump(client, upstream);
    const packets = new Packets();
    upstream.on('data', (bytes) => client.write(isDump() ? packets.pass(bytes, box.mode) : bytes));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const box: Middlebox = {
    mode: 'open',
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return box;
}

/** COM_BINLOG_DUMP and COM_BINLOG_DUMP_GTID; nothing is asked on the connection after them. */
function watchForDump(client: Socket, upstream: Socket): () => boolean {
  let isDump = false;
  client.on('data', (bytes) => {
    isDump ||= bytes[3] === 0 && (bytes[4] === 0x12 || bytes[4] === 0x1e);
    upstream.write(bytes);
  });
  return () => isDump;
}

class Packets {
  #rest = Buffer.alloc(0);
  #heartbeat: Buffer | null = null;
  /** Of the next packet that passes; the command was packet 0. */
  #number = 1;

  pass(bytes: Buffer, mode: Middlebox['mode']): Buffer {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const out: Buffer[] = [];
    for (;;) {
      const end = this.#rest.length < 4 ? Infinity : 4 + this.#rest.readUIntLE(0, 3);
      if (this.#rest.length < end) return Buffer.concat(out);
      const packet = Buffer.from(this.#rest.subarray(0, end));
      this.#rest = this.#rest.subarray(end);
      const isHeartbeat = packet[typeOffset] === heartbeat;
      if (isHeartbeat && mode === 'open') this.#heartbeat = packet;
      if (!isHeartbeat && mode !== 'open') continue;
      const passed = Buffer.from((mode === 'stale' && this.#heartbeat) || packet);
      passed[3] = this.#number++ & 0xff;
      out.push(passed);
    }
  }
}
