import { documentOf } from '@lutra/client';
import { expect, it } from 'vitest';
import { answersOf, emptyForm, randomPassword } from './answers.js';
import type { Endpoints, Known, Regions } from './answers.js';

const side = { ...emptyForm.a, host: 'db.hz', region: 'hangzhou', brokers: 'kafka-1:9092, kafka-2:9092' };
const other = { ...emptyForm.b, host: 'db.ca', region: 'california', brokers: 'kafka:9092' };
const form = { ...emptyForm, a: side, b: other, schemas: ['Shop Data'] };
const nothing: Known = { regions: [], endpoints: [] };

it('what is new gets a name, a region and a server id, as lutra init gives them', async () => {
  const answers = await answersOf(form, nothing);
  expect(answers).toMatchObject({ channel: 'shop-data', home: 'hangzhou', bothWays: true, ddl: false });
  expect(answers.a).toMatchObject({ name: 'mysql-hangzhou', brokers: ['kafka-1:9092', 'kafka-2:9092'], user: 'lutra', tls: {} });
  expect(answers.a.serverId).toBe(1_219_234_174);
  expect(documentOf(answers)).toMatchObject({ regions: [{ name: 'hangzhou' }, { name: 'california' }], channels: [{ seed: true }] });
});

it('what is there stays: an endpoint with its name, a region with its Kafka', async () => {
  const endpoint = { name: 'orders', host: 'db.hz', port: 3306, region: 'here', user: 'sync', serverId: 7 };
  const known = { regions: [{ name: 'california' }], endpoints: [endpoint] } as unknown as { regions: Regions; endpoints: Endpoints };
  const answers = await answersOf(form, known);
  expect(answers.a).toMatchObject({ name: 'orders', region: 'here', brokers: null, user: 'sync', serverId: 7 });
  expect(answers.b.brokers).toBeNull();
});

it('a password has what servers ask of one', () => {
  const passwords = Array.from({ length: 50 }, randomPassword);
  expect(new Set(passwords).size).toBe(50);
  for (const password of passwords) expect(password).toMatch(/^[\w-]{32}$/);
});
