/** Operational events to a Kafka that wants TLS and SASL: what the region says about both holds for them too. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { BusAdmin } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import { eventsTopic } from '@lutra/model';
import type { KafkaSecurity } from '@lutra/model';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { selfSigned } from '../../../../test/network/certificate.js';
import { kafkaServer } from '../../../../test/servers/index.js';
import { grant, setScramUser } from '../../../../test/servers/kafka-users.js';
import { EventClient } from './event-client.js';

const batch = [{ key: 'c.p', value: '{}' }];
const certificate = selfSigned();
const tls = { ca: certificate.cert, verify: true };
// kafkajs begins 10 s before the end, and a broker listens to no earlier attempt than after 1 s.
const kafka = kafkaServer({
  secure: { certificate, plain: { otter: 'in the open' } },
  extra: { 'connections.max.reauth.ms': '12000', 'connection.failed.authentication.delay.ms': '10' },
});
const scram = { mechanism: 'scram-sha-512', user: 'otter', password: 'hold hands' } as const;

beforeAll(async () => {
  await kafka.start();
  for (const user of ['otter', 'mute']) await setScramUser(kafka, user, scram.password);
  await grant(kafka, { user: 'otter', type: 'topic', name: eventsTopic, operations: ['CREATE', 'DESCRIBE', 'WRITE'] });
});
afterAll(() => kafka.stop());

function busOf(security: KafkaSecurity, broker = kafka.secured?.sasl ?? ''): BusOptions {
  return { brokers: [broker], security: () => security, clientId: 'test', logger: pino({ level: 'silent' }), requestTimeoutMs: 2_000 };
}

function clientOf(bus: () => BusOptions): EventClient {
  const made = { retentionMs: 3_600_000, copies: { replicationFactor: 1, minInsyncReplicas: 1 } };
  return new EventClient({ bus, topic: eventsTopic, made });
}

async function end(): Promise<number> {
  const admin = new BusAdmin(busOf({}, kafka.bootstrap));
  return (await admin.offsets(eventsTopic).finally(() => admin.close())).end;
}

it.each([
  ['plain', 'in the open', tls],
  ['scram-sha-256', scram.password, tls],
  ['scram-sha-512', scram.password, { verify: false }],
] as const)('events go by %s, and go on when the broker wants to know anew who comes', async (mechanism, password, trust) => {
  const client = clientOf(() => busOf({ tls: trust, sasl: { mechanism, user: scram.user, password } }));
  // The first attempts may find a broker that has just started.
  const sent = (): Promise<boolean> =>
    client.send(batch).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(sent, { timeout: 20_000, interval: 200 });
  const before = await end();
  for (let rest = mechanism === 'plain' ? 30 : 2; rest > 0; rest--) {
    await client.send(batch);
    await sleep(100);
  }
  expect(await end()).toBeGreaterThan(before + 1);
  await client.close();
});

it('a new password is taken at the next attempt', async () => {
  let password = 'hold paws';
  const client = clientOf(() => busOf({ tls, sasl: { ...scram, password } }));
  await expect(client.send(batch)).rejects.toMatchObject({ code: 'KAFKA_DENIED', message: expect.not.stringContaining('hold') });
  ({ password } = scram);
  await client.send(batch);
  await client.close();
});

it('events do not go to a broker whose certificate nobody signed', async () => {
  const strict = clientOf(() => busOf({ tls: { verify: true }, sasl: scram }));
  await expect(strict.send(batch)).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  await strict.close();
});

it('the ACL that is missing is named', async () => {
  await grant(kafka, { user: 'mute', type: 'topic', name: eventsTopic, operations: ['DESCRIBE'] });
  const mute = clientOf(() => busOf({ tls, sasl: { ...scram, user: 'mute' } }));
  await expect(mute.send(batch)).rejects.toMatchObject({ code: 'KAFKA_DENIED', message: expect.stringContaining('WRITE on topic') });
  await mute.close();
});
