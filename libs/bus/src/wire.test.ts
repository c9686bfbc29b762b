/** Connections: who is trusted, what is refused, what ends. */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TlsOptions } from '@lutra/model';
import { selfSigned } from '../../../test/network/certificate.js';
import { ScriptedBrokers } from '../test/scripted-brokers.js';
import { BusAdmin } from './bus-admin.js';
import { Cluster, within } from './cluster.js';
import { subscribe } from './subscription.js';

const logger = pino({ level: 'silent' });
let certificate: { key: string; cert: string };
const cleanUps: (() => unknown)[] = [];

beforeAll(() => {
  certificate = selfSigned();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function secureBrokers(as: { readonly key: string; readonly cert: string } = certificate): Promise<string[]> {
  const brokers = new ScriptedBrokers();
  cleanUps.push(() => brokers.stop());
  return brokers.start(1, as);
}

function adminOf(brokers: readonly string[], tls?: TlsOptions, requestTimeoutMs = 5_000): BusAdmin {
  const admin = new BusAdmin({ brokers, security: () => ({ tls }), clientId: 'test', logger, requestTimeoutMs });
  cleanUps.push(() => admin.close());
  return admin;
}

/** A server that takes connections and does what it is told with them. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    cleanUps.push(() => socket.destroy());
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanUps.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('TLS', () => {
  it('trusts the authority that it is given', async () => {
    expect(await adminOf(await secureBrokers(), { ca: certificate.cert, verify: true }).exists('rows')).toBe(true);
  });

  it.each([
    ['another authority', {}, { ca: selfSigned().cert }, /is not of the authority in tls\.ca/],
    ['no authority', {}, {}, /is not of the authority in tls\.ca/],
    ['an expired certificate', { to: '210101000000Z' }, null, /has expired\. Renew/],
    ['one of tomorrow', { from: '480101000000Z' }, null, /is not valid yet\. Set the clocks/],
    ['one for another host', { names: 'DNS:other.example' }, null, /is not for the host by which it is called/],
  ] as const)('says that the broker has %s', async (_, options, tls, message) => {
    const own = selfSigned(options);
    const refused = adminOf(await secureBrokers(own), { verify: true, ...(tls ?? { ca: own.cert }) }).exists('rows');
    await expect(refused).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringMatching(message),
      details: { tls: expect.any(String) },
    });
  });

  it('says that a broker which takes connections and does not answer may have no TLS', async () => {
    const brokers = new ScriptedBrokers();
    cleanUps.push(() => brokers.stop());
    const plain = adminOf(await brokers.start(1), { ca: certificate.cert, verify: true }, 600).exists('rows');
    await expect(plain).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining('may speak no TLS') });
    const mute = adminOf([await rawServer(() => undefined)], undefined, 600).exists('rows');
    await expect(mute).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining('may speak TLS only') });
    await expect(adminOf(['127.0.0.1:1'], undefined, 600).exists('rows')).rejects.toMatchObject({
      message: expect.not.stringContaining('TLS'),
    });
  });

  it('trusts nobody else, unless told to', async () => {
    const brokers = await secureBrokers();
    await expect(adminOf(brokers, { verify: true }).exists('rows')).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
    expect(await adminOf(brokers, { verify: false }).exists('rows')).toBe(true);
  });

  it('is missed when the broker wants it, and when the broker does not have it', async () => {
    await expect(adminOf(await secureBrokers(), undefined, 500).exists('rows')).rejects.toMatchObject({
      code: expect.stringMatching(/^KAFKA_(REFUSED|UNAVAILABLE)$/),
    });
    const plain = new ScriptedBrokers();
    cleanUps.push(() => plain.stop());
    await expect(adminOf(await plain.start(), { verify: false }, 500).exists('rows')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });
});

describe('a connection', () => {
  it.each([
    ['says nothing', () => undefined],
    ['cuts', (socket: Socket) => socket.destroy()],
    ['talks nonsense', (socket: Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(3))],
  ])('to something that %s is given up', async (_, behave) => {
    const address = await rawServer(behave);
    await expect(adminOf([address], undefined, 400).exists('rows')).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });

  it('is tried with the next broker when one does not answer', async () => {
    const mute = await rawServer(() => undefined);
    const brokers = new ScriptedBrokers();
    cleanUps.push(() => brokers.stop());
    expect(await adminOf([mute, ...(await brokers.start())], undefined, 1_000).exists('rows')).toBe(true);
  });

  it('is shared by all who want it at the same time, and ends what waits when it is closed', async () => {
    let connections = 0;
    const address = await rawServer(() => (connections += 1));
    const cluster = new Cluster({ brokers: [address], clientId: 'test', logger, requestTimeoutMs: 60_000 });
    const waiting = [1, 2, 3].map(() => cluster.leader('rows', 0, within(60_000)).catch((error: unknown) => error));
    await expect.poll(() => connections).toBe(1);
    cluster.close();
    for (const failure of waiting) expect(await failure).toMatchObject({ code: 'ABORTED' });
    expect(connections).toBe(1);
  });
});

it('a reader whose brokers do not answer tells what it waits for', async () => {
  const waits: string[] = [];
  const during = <T>(what: string, work: () => Promise<T>): Promise<T> => {
    waits.push(what);
    return work();
  };
  const of = { brokers: ['127.0.0.1:1'], clientId: 'test', logger, requestTimeoutMs: 100, topic: 'rows', offset: 7 };
  const reading = subscribe({ ...of, signal: new AbortController().signal, during });
  const first = reading[Symbol.asyncIterator]();
  await expect(first.next()).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  expect(waits).toEqual(['Kafka (127.0.0.1:1) to answer a fetch from rows/0']);
});
