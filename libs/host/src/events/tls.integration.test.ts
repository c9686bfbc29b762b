/** Operational events to a Kafka that speaks TLS only: what the region says about certificates holds for them too. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { pino } from 'pino';
import { BusAdmin } from '@lutra/bus';
import { eventsTopic } from '@lutra/model';
import type { TlsOptions } from '@lutra/model';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kafkaServer } from '../../../../test/servers/index.js';
import type { KafkaServer } from '../../../../test/servers/index.js';
import { EventClient } from './event-client.js';

const logger = pino({ level: 'silent' });
const batch = [{ key: 'c.p', value: '{}' }];
const sockets = new Set<Socket>();
let certificate: { key: string; cert: string };
let door: Server;
let kafka: KafkaServer;
const brokers = (): string[] => [`127.0.0.1:${(door.address() as AddressInfo).port}`];

/** For 127.0.0.1, signed by itself. */
function selfSigned(): typeof certificate {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=broker', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'pipe',
  });
  const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  return pair;
}

/** The broker names this door as its address, so nobody gets past it but with TLS. */
beforeAll(async () => {
  certificate = selfSigned();
  door = createServer(certificate, (socket) => {
    const inner = connect(Number(kafka.bootstrap.split(':')[1]), '127.0.0.1');
    for (const each of [socket, inner]) {
      sockets.add(each);
      each.on('error', () => each.destroy());
      each.on('close', () => [socket, inner].forEach((other) => other.destroy()));
    }
    socket.pipe(inner).pipe(socket);
  });
  door.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  kafka = kafkaServer({ extra: { 'advertised.listeners': `PLAINTEXT://${brokers()[0]}` } });
  await kafka.start();
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  door.close();
  await kafka.stop();
});

function clientOf(tls: TlsOptions): EventClient {
  const topic = { replicationFactor: 1, minInsyncReplicas: 1 };
  return new EventClient({ bus: { brokers: brokers(), tls, clientId: 'test', logger, requestTimeoutMs: 2_000 }, topic });
}

it('events go to a broker whose authority the region names, and to any that it does not verify', async () => {
  const trusting = clientOf({ ca: certificate.cert, verify: true });
  const careless = clientOf({ verify: false });
  // The first attempts may find a broker that has just started.
  await vi.waitUntil(
    () =>
      trusting.send(batch).then(
        () => true,
        () => false,
      ),
    { timeout: 60_000, interval: 200 },
  );
  await careless.send(batch);
  await Promise.all([trusting.close(), careless.close()]);
  const admin = new BusAdmin({ brokers: brokers(), tls: { ca: certificate.cert, verify: true }, clientId: 'test', logger });
  expect((await admin.offsets(eventsTopic)).end).toBeGreaterThanOrEqual(2);
  await admin.close();
});

it('events do not go to a broker whose certificate nobody signed', async () => {
  const strict = clientOf({ verify: true });
  await expect(strict.send(batch)).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  await strict.close();
});
