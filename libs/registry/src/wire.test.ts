/** What a connection makes of a server that misbehaves. The server here is a fake that speaks just enough of ZooKeeper's protocol. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createLogger } from '@lutra/telemetry';
import { afterEach, expect, test } from 'vitest';
import { openConnection } from './connection.js';
import type { Connection, Opening } from './connection.js';

/** No test should end because a loaded machine was slow; one ends because the server is silent. */
const longMs = 30_000;
const shortMs = 300;
const logger = createLogger('test', 'silent');
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function fakeServer(answer: (socket: Socket, packet: Buffer, number: number) => void): Promise<string> {
  const server = createServer((socket) => {
    let number = 0;
    socket.on('data', (packet) => answer(socket, packet, number++));
    socket.on('error', () => socket.destroy());
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The answer to a connect request. */
function welcome(sessionTimeoutMs: number): Buffer {
  const packet = Buffer.alloc(4 + 4 + 4 + 8 + 4 + 16);
  packet.writeInt32BE(packet.length - 4, 0);
  packet.writeInt32BE(sessionTimeoutMs, 8);
  packet.writeBigInt64BE(77n, 12);
  packet.writeInt32BE(16, 20);
  return packet;
}

/** The header of a reply, without a body. */
function reply(xid: number, code: number): Buffer {
  const packet = Buffer.alloc(4 + 16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(xid, 4);
  packet.writeInt32BE(code, 16);
  return packet;
}

const open = (server: string, boundMs = 10_000): Promise<Opening> =>
  openConnection({ server, sessionTimeoutMs: longMs, ticket: null, boundMs, logger });

async function connected(server: string): Promise<Connection> {
  const opening = await open(server);
  if (opening.kind !== 'open') throw new Error(opening.kind);
  return opening.connection;
}

test('a server that accepts and says nothing is given up', async () => {
  const server = await fakeServer(() => undefined);
  expect(await open(server, 50)).toEqual({ kind: 'failed', reason: 'no answer within 50 ms' });
});

test('an attempt to connect ends when it is told to; a connection that is there does not', async () => {
  const stop = new AbortController();
  const silent = await fakeServer(() => undefined);
  const options = { sessionTimeoutMs: longMs, ticket: null, boundMs: longMs, logger, signal: stop.signal };
  const opening = openConnection({ ...options, server: silent });
  const connection = await connected(await fakeServer((socket, _packet, number) => number === 0 && socket.write(welcome(longMs))));
  stop.abort();
  expect(await opening).toEqual({ kind: 'failed', reason: 'stopped' });
  expect(await openConnection({ ...options, server: silent })).toEqual({ kind: 'failed', reason: 'stopped' });
  expect(connection.over).toBe(false);
  connection.abandon('done');
});

test('a server that is not there is a failure, not a wait', async () => {
  expect(await open('127.0.0.1:1')).toMatchObject({ kind: 'failed' });
});

test('a session that is over is told from a failure', async () => {
  expect(await open(await fakeServer((socket) => socket.write(welcome(0))))).toEqual({ kind: 'expired' });
});

test('a server that falls silent loses the connection, and the request is lost with it', async () => {
  const server = await fakeServer((socket, _packet, number) => number === 0 && socket.write(welcome(shortMs)));
  const connection = await connected(server);
  await expect(connection.getData('/a')).rejects.toMatchObject({ name: 'CONNECTION_LOSS' });
  expect(await connection.ended).toBe('ZooKeeper fell silent');
  await expect(connection.getData('/a')).rejects.toMatchObject({ name: 'CONNECTION_LOSS' });
});

test('a code that the client does not know ends the connection, not the process', async () => {
  // −118: the session has moved to another server
  const server = await fakeServer((socket, packet, number) =>
    socket.write(number === 0 ? welcome(longMs) : reply(packet.readInt32BE(4), -118)),
  );
  const connection = await connected(server);
  await expect(connection.remove('/a', 0)).rejects.toMatchObject({ name: 'CONNECTION_LOSS' });
  expect(await connection.ended).toBe('unexpected message');
});

test('a cut connection is not made again behind our back', async () => {
  let connections = 0;
  const server = await fakeServer((socket, _packet, number) => {
    connections += 1;
    if (number === 0) socket.write(welcome(longMs));
    socket.end();
  });
  const connection = await connected(server);
  await connection.ended;
  const again = await connected(server);
  await again.ended;
  expect(connections).toBe(2);
});
