/** Kafka that wants to know who comes: SASL over TLS, a client's certificate, ACLs; what it denies is told with what to do. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaSecurity } from '@lutra/model';
import { selfSigned } from '../../../test/network/certificate.js';
import { kafkaServer } from '../../../test/servers/index.js';
import { grant, setScramUser } from '../../../test/servers/kafka-users.js';
import { readAll, settings, text, textRecord } from '../test/kafka.fixture.js';
import { BusAdmin, Publisher } from './index.js';
import type { BusOptions } from './index.js';

const certificate = selfSigned();
const tls = { ca: certificate.cert, verify: true };
const server = kafkaServer({
  secure: { certificate, plain: { otter: 'in the open' } },
  extra: { 'connections.max.reauth.ms': '1000', 'connection.failed.authentication.delay.ms': '10' },
});
const user = 'otter';
const password = 'hold hands';
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  await server.start();
  await setScramUser(server, user, password);
  await setScramUser(server, 'stranger', password);
  await grant(
    server,
    { user, type: 'topic', name: 'rows-*', operations: ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'] },
    { user, type: 'group', name: 'lutra.*', operations: ['READ'] },
  );
});
afterAll(async () => {
  for (const close of closing) await close();
  await server.stop();
});

type Door = 'sasl' | 'mutual' | 'clear';

function options(door: Door | 'open', security: KafkaSecurity | (() => KafkaSecurity), requestTimeoutMs = 5_000): BusOptions {
  const broker = door === 'open' ? server.bootstrap : (server.secured?.[door] ?? '');
  const asked = typeof security === 'function' ? security : () => security;
  return { brokers: [broker], security: asked, clientId: 'test', logger: pino({ level: 'silent' }), requestTimeoutMs };
}

function adminOf(...of: Parameters<typeof options>): BusAdmin {
  const admin = new BusAdmin(options(...of));
  closing.push(() => admin.close());
  return admin;
}

const scram = { mechanism: 'scram-sha-512', user, password } as const;

describe('a broker that wants SASL over TLS', () => {
  it.each([
    ['plain', 'in the open'],
    ['scram-sha-256', password],
    ['scram-sha-512', password],
  ] as const)('takes and gives records by %s', async (mechanism, secret) => {
    const topic = `rows-${mechanism}`;
    const of = options('sasl', { tls, sasl: { mechanism, user, password: secret } });
    const admin = new BusAdmin(of);
    expect(await admin.ensureTopic(topic, settings)).toBe('created');
    expect(await admin.ensureTopic(topic, settings)).toBe('verified');
    expect(await admin.requestLimit(topic)).toBeNull(); // that is the cluster's, and we have no right to it
    const publisher = new Publisher({ ...of, topic });
    await publisher.publish([textRecord('a'), textRecord('b')]);
    await publisher.close();
    expect((await readAll(of, topic, await admin.offsets(topic))).map(text)).toEqual(['a', 'b']);
    await admin.commitGroupOffset('lutra.rows', topic, 0, 2);
    expect(await admin.groupOffset('lutra.rows', topic)).toBe(2);
    await admin.close();
  });

  it.each([
    ['a wrong password', { sasl: { ...scram, password: 'hold paws' } }, 'SASL_AUTHENTICATION_FAILED', /Correct user or password/],
    ['a wrong one in the open', { sasl: { ...scram, mechanism: 'plain' } }, 'SASL_AUTHENTICATION_FAILED', /Correct user or password/],
    ['a user that it does not know', { sasl: { ...scram, user: 'nobody' } }, 'SASL_AUTHENTICATION_FAILED', /Correct user or password/],
  ] as const)('says no to %s', async (_, security, kafka, message) => {
    const denied = adminOf('sasl', { tls, ...security }).exists('rows-x');
    const error = await denied.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'KAFKA_DENIED',
      message: expect.stringMatching(message),
      details: { kafka, user: expect.any(String) },
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error)).not.toContain('hold');
  });

  it('says no to a mechanism that it does not have', async () => {
    await expect(adminOf('clear', { sasl: { ...scram, mechanism: 'scram-sha-256' } }).exists('rows-x')).rejects.toMatchObject({
      code: 'KAFKA_DENIED',
      message: expect.stringContaining('The brokers have another mechanism'),
      details: { kafka: 'UNSUPPORTED_SASL_MECHANISM' },
    });
  });

  it('is told from one that is away', async () => {
    const error = await adminOf('sasl', { tls }, 2_000)
      .exists('rows-x')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'KAFKA_UNAVAILABLE', message: expect.stringContaining('may want SASL') });
  });

  it('finds a new password at the next connection', async () => {
    let now = 'not known yet';
    const admin = adminOf('sasl', () => ({ tls, sasl: { ...scram, password: now } }));
    await expect(admin.exists('rows-x')).rejects.toMatchObject({ code: 'KAFKA_DENIED' });
    now = password;
    expect(await admin.exists('rows-x')).toBe(false);
  });
});

it('a connection is replaced before the broker wants to know anew who comes, and no record is lost or doubled', async () => {
  const topic = 'rows-long';
  let opened = 0;
  const of = options('sasl', () => ({ tls, sasl: { ...scram, password: ++opened ? password : '' } }));
  const admin = new BusAdmin(of);
  await admin.ensureTopic(topic, settings);
  const publisher = new Publisher({ ...of, topic });
  const told: string[] = [];
  for (const before = opened; opened < before + 4;) {
    const next = [0, 1, 2].map((n) => String(told.length + n));
    told.push(...next);
    await Promise.all(next.map((record) => publisher.publish([textRecord(record)])));
  }
  await publisher.close();
  expect((await readAll(of, topic, await admin.offsets(topic))).map(text)).toEqual(told);
  await admin.close();
});

it('a broker without SASL says so', async () => {
  await expect(adminOf('open', { sasl: scram }).exists('rows-x')).rejects.toMatchObject({
    code: 'KAFKA_DENIED',
    message: expect.stringContaining('This port has no SASL'),
  });
});

describe('a password that is sent as it is', () => {
  it('goes over a line without TLS on this machine only', async () => {
    const sasl = { mechanism: 'plain', user, password: 'in the open' } as const;
    expect(await adminOf('clear', { sasl }).exists('rows-y')).toBe(false);
    const elsewhere = new BusAdmin({ ...options('clear', { sasl }), brokers: ['203.0.113.1:9092'] });
    closing.push(() => elsewhere.close());
    await expect(elsewhere.exists('rows-y')).rejects.toMatchObject({
      code: 'SERVER_UNTRUSTED',
      message: expect.not.stringContaining('in the open'),
    });
  });

  it('is not needed by SCRAM', async () => {
    expect(await adminOf('clear', { sasl: scram }).exists('rows-y')).toBe(false);
  });
});

describe('a broker that wants a certificate', () => {
  it('takes the one that it knows, as the user that it names', async () => {
    await grant(server, { user: 'CN=test', type: 'topic', name: 'rows-*', operations: ['DESCRIBE'] });
    const { cert, key } = certificate;
    expect(await adminOf('mutual', { tls: { ...tls, cert, key } }).exists('rows-z')).toBe(false);
  });

  it.each([
    ['none', {}],
    ['a stranger', selfSigned()],
  ] as const)('says no to %s', async (_, { cert, key }: { cert?: string; key?: string }) => {
    await expect(adminOf('mutual', { tls: { ...tls, cert, key } }).exists('rows-z')).rejects.toMatchObject({
      code: 'KAFKA_REFUSED',
      message: expect.stringContaining('certificate of ours'),
    });
  });
});

describe('an app does what it does with the ACLs of docs/02-setup.md alone', () => {
  const topic = 'lutra.a.rows';
  const as = (app: string): BusOptions => options('sasl', { tls, sasl: { ...scram, user: app } });
  const use = async <T>(app: string, work: (admin: BusAdmin) => Promise<T>): Promise<T> => {
    const admin = new BusAdmin(as(app));
    return work(admin).finally(() => admin.close());
  };
  beforeAll(async () => {
    for (const app of ['capture', 'loader', 'control']) await setScramUser(server, app, password);
    await grant(
      server,
      { user: 'capture', type: 'topic', name: topic, operations: ['CREATE', 'DESCRIBE', 'DESCRIBE_CONFIGS', 'READ', 'WRITE'] },
      { user: 'loader', type: 'topic', name: topic, operations: ['DESCRIBE', 'READ'] },
      { user: 'loader', type: 'group', name: 'lutra.c.p', operations: ['READ'] },
      { user: 'control', type: 'topic', name: topic, operations: ['DESCRIBE', 'READ', 'DELETE'] },
    );
  });

  it('a capture, a loader and a control', async () => {
    for (const made of ['created', 'verified']) expect(await use('capture', (admin) => admin.ensureTopic(topic, settings))).toBe(made);
    const publisher = new Publisher({ ...as('capture'), topic });
    await publisher.publish([textRecord('a')]);
    await publisher.close();
    for (const app of ['capture', 'loader', 'control']) {
      const ends = await use(app, (admin) => admin.offsets(topic));
      expect((await readAll(as(app), topic, ends)).map(text)).toEqual(['a']);
    }
    await use('loader', (admin) => admin.commitGroupOffset('lutra.c.p', topic, 0, 1));
    expect(await use('loader', (admin) => admin.groupOffset('lutra.c.p', topic))).toBe(1);
    await use('control', (admin) => admin.deleteTopic(topic));
    expect(await use('control', (admin) => admin.exists(topic))).toBe(false);
  });
});

describe('an ACL that is missing is named', () => {
  const of = (name: string): BusOptions => options('sasl', { tls, sasl: { ...scram, user: name } });
  const denied = (acl: string) => expect.objectContaining({ code: 'KAFKA_DENIED', message: expect.stringContaining(`the ACL ${acl}`) });

  it('for each request', async () => {
    const name = 'stranger';
    const topic = 'rows-acl';
    await adminOf('sasl', { tls, sasl: scram }).ensureTopic(topic, settings);
    const admin = adminOf('sasl', { tls, sasl: { ...scram, user: name } });
    const all = { user: name, type: 'topic', name: topic } as const;
    await expect(admin.exists(topic)).rejects.toEqual(denied('DESCRIBE on the topic'));
    await grant(server, { ...all, operations: ['DESCRIBE'] });
    await expect(admin.ensureTopic(topic, settings)).rejects.toEqual(denied('DESCRIBE_CONFIGS on the topic'));
    await grant(server, { ...all, name: 'rows-new', operations: ['DESCRIBE'] });
    await expect(admin.ensureTopic('rows-new', settings)).rejects.toEqual(denied('CREATE on the topic'));
    await expect(admin.deleteTopic(topic)).rejects.toEqual(denied('DELETE on the topic'));
    await expect(admin.groupOffset('lutra.x', topic)).rejects.toEqual(denied('DESCRIBE on the group'));
    const publisher = new Publisher({ ...of(name), topic });
    const failure = await publisher.publish([textRecord('x')]).catch((error: unknown) => error);
    expect(failure).toEqual(denied('WRITE on the topic'));
    expect(String(failure)).toContain(topic);
    await publisher.close();
    await expect(readAll(of(name), topic, { start: 0, end: 1 })).rejects.toEqual(denied('READ on the topic'));
  });
});
