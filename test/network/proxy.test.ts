/**
 * What the kill suite relies on: a disturbance meets whom it is for and nobody else, and a connection that lives loses and reorders
 * nothing.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Proxy } from './proxy.js';
import { socketOwner } from './socket-owner.js';

let echo: Server;
let proxy: Proxy;
const names = new Map<number, string>();
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const target = (): { host: string; port: number } => ({ host: '127.0.0.1', port: (echo.address() as { port: number }).port });
  proxy = await Proxy.start(target, { identify });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.stop();
  echo.close();
});

/** Not vi.waitFor: one that nobody answers would go on in the next file, and move its clock if that is a false one. */
async function identify(port: number): Promise<string> {
  for (let looks = 0; looks < 100; looks++) {
    const name = names.get(port);
    if (name !== undefined) return name;
    await sleep(10);
  }
  throw new Error('unnamed');
}

/** Collects what it receives. */
async function client(name: string): Promise<{ socket: Socket; received: () => string; ended: () => boolean }> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  clients.push(socket);
  let [received, ended] = ['', false];
  socket.on('data', (bytes) => (received += bytes.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (ended = true));
  await once(socket, 'connect');
  names.set(socket.localPort ?? 0, name);
  return { socket, received: () => received, ended: () => ended };
}

test('held: bytes and the end of the connection wait, and come in order afterwards', async () => {
  const one = await client('one');
  const other = await client('other');
  const heal = proxy.disturb({ kind: 'hold', who: (name) => name === 'one' });
  for (let i = 0; i < 100; i++) one.socket.write(`${i},`);
  other.socket.write('passes');
  await vi.waitFor(() => expect(other.received()).toBe('passes'));
  expect(one.received()).toBe('');
  heal();
  const all = Array.from({ length: 100 }, (_, i) => `${i},`).join('');
  await vi.waitFor(() => expect(one.received()).toBe(all));
});

test('deaf: what is said arrives, and is answered when it ends', async () => {
  const heard: string[] = [];
  echo.on('connection', (socket) => socket.on('data', (bytes) => heard.push(bytes.toString())));
  const one = await client('one');
  const heal = proxy.disturb({ kind: 'deaf', who: (name) => name === 'one' });
  one.socket.write('hello');
  await vi.waitFor(() => expect(heard.join('')).toBe('hello'));
  expect(one.received()).toBe('');
  heal();
  await vi.waitFor(() => expect(one.received()).toBe('hello'));
});

test('cut: connections are reset, new ones too, until it ends', async () => {
  const one = await client('one');
  const other = await client('other');
  one.socket.write('1');
  await vi.waitFor(() => expect(one.received()).toBe('1'));
  const heal = proxy.disturb({ kind: 'cut', who: (name) => name === 'one' });
  await vi.waitFor(() => expect(one.ended()).toBe(true));
  const again = await client('one');
  await vi.waitFor(() => expect(again.ended()).toBe(true));
  heal();
  other.socket.write('2');
  await vi.waitFor(() => expect(other.received()).toBe('2'));
});

test('slow: more than a network holds arrives late and whole', async () => {
  const one = await client('one');
  const heal = proxy.disturb({ kind: 'slow', delayMs: 30, who: (name) => name === 'one' });
  const sent = 'otter '.repeat(200_000);
  one.socket.write(sent);
  await vi.waitFor(() => expect(one.received().length).toBe(sent.length), { timeout: 10_000 });
  expect(one.received()).toBe(sent);
  heal();
});

test('a line has its rate, whatever its delay, and is counted', async () => {
  const one = await client('one');
  const heal = proxy.disturb({ kind: 'slow', delayMs: 30, bytesPerSecond: 1_000_000, who: (name) => name === 'one' });
  const begun = performance.now();
  const sent = 'otter '.repeat(50_000);
  one.socket.write(sent);
  await vi.waitFor(() => expect(one.received().length).toBe(sent.length), { timeout: 10_000 });
  heal();
  // The least that 300,000 bytes may take: a slow machine takes longer.
  expect(performance.now() - begun).toBeGreaterThan(300 + 2 * 30 - 5);
  expect([proxy.carried('one'), proxy.carried('other')]).toEqual([2 * sent.length, 0]);
  one.socket.destroy();
  await vi.waitFor(() => expect(one.ended()).toBe(true));
  expect(proxy.carried('one')).toBe(2 * sent.length);
});

test('the owner of a connection is found among the processes that were named', async () => {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  clients.push(socket);
  await once(socket, 'connect');
  const ends = { from: socket.localPort ?? 0, to: socket.remotePort ?? 0 };
  expect(await socketOwner(ends, new Map([[process.pid, 'me']]))).toBe('me');
  expect(await socketOwner(ends, new Map([[1, 'another']]))).toBeUndefined();
  expect(await socketOwner({ ...ends, to: 1 }, new Map([[process.pid, 'me']]))).toBeUndefined();
});
