/** What follows from the answers: the document, names, what a probe waits for. And what is told of answers that are missing. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentOf, nameOf, preparationOf, withSecrets } from '@lutra/client';
import type { PipelinePosition } from '@lutra/client';
import { expect, it, onTestFinished } from 'vitest';
import { CliError } from '../exit-codes.js';
import { addressOf, freeName } from './asking.js';
import { answersOf, readAnswers, serverIdOf } from './answers.js';
import { hashOf, randomPassword } from './first-channel.js';
import { shortened } from './preparing.js';
import { hasApplied, hasRead, isDone, lineOf } from './running.js';
import type { Progress } from './running.js';

const given = {
  a: { host: 'db.hz', region: 'hangzhou', brokers: ['kafka.hz:9092'], tls: true },
  b: { host: '127.0.0.1', port: 3307, region: 'california', name: 'orders-ca', serverId: 7 },
  schemas: ['Shop_1'],
};
const answers = answersOf(given, 'answers');

it('answers have what is usual where they say nothing', () => {
  expect(answers).toMatchObject({ channel: 'shop-1', bothWays: true, home: 'hangzhou', policy: 'home', ddl: false, binlog: true });
  expect(answers.a).toMatchObject({ port: 3306, name: 'mysql-hangzhou', user: 'lutra', admin: 'root', tls: {} });
  expect(answers.a.serverId).toBe(serverIdOf('mysql-hangzhou'));
  expect([answers.b.tls, answers.b.brokers]).toEqual([null, null]);
  expect(answersOf({ ...given, ways: 'a-to-b' }, '')).toMatchObject({ bothWays: false, home: null, ddl: true });
});

it('all that is wrong with answers is told at once', () => {
  const wrong = { a: { port: '3306', region: 'x', pasword: 'y' }, b: {}, ways: 'sideways', schemas: [] };
  const told = (): string => {
    try {
      answersOf(wrong, 'answers.yaml');
    } catch (error) {
      expect((error as CliError).exitCode).toBe(2);
      return (error as CliError).message;
    }
    return '';
  };
  for (const part of ['a.host is missing', 'a.port is not', 'a.pasword is no answer', 'b.host', 'b.region', 'ways is not', 'schemas is'])
    expect(told()).toContain(part);
});

it('reads them from a file, and the authority from the file that it names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lutra-answers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [file, ca] = [join(folder, 'answers.yaml'), join(folder, 'ca.pem')];
  writeFileSync(ca, 'the authority');
  writeFileSync(file, JSON.stringify({ ...given, a: { ...given.a, tls: { ca } } }));
  expect(readAnswers(file).a.tls).toEqual({ ca: 'the authority' });
  chmodSync(file, 0o600);
  writeFileSync(file, 'a: [');
  expect(() => readAnswers(file)).toThrow(CliError);
});

it('the document has no state and no password until it is given them', () => {
  const document = documentOf(answers);
  expect(document).toMatchObject({
    regions: [{ name: 'hangzhou', kafka: { brokers: ['kafka.hz:9092'] } }],
    endpoints: [
      { name: 'mysql-hangzhou', host: 'db.hz', tls: {} },
      { name: 'orders-ca', serverId: 7 },
    ],
    channels: [{ name: 'shop-1', seed: true, conflicts: { home: 'hangzhou', rules: [{ policy: 'home' }] } }],
  });
  expect(JSON.stringify(document)).not.toMatch(/password|state/);
  const whole = JSON.stringify(withSecrets(document, new Map([['orders-ca', 'secret']]), 'running'));
  expect(whole.match(/"password":"secret"/g)).toHaveLength(1);
  expect(whole).toContain('"state":"running"');
  expect(documentOf(answers, ['orders-ca']).endpoints).toHaveLength(1);
});

it('one way, schema changes are carried out and nothing comes back; both ways only where that is wanted', () => {
  const pipelines = (more: object): unknown =>
    (documentOf(answersOf({ ...given, ...more }, '')).channels[0] as { pipelines: unknown }).pipelines;
  expect(pipelines({ ways: 'a-to-b' })).toEqual([
    { name: 'hangzhou-to-california', source: 'mysql-hangzhou', target: 'orders-ca', routes: [{ schema: 'Shop_1' }] },
  ]);
  expect(pipelines({ ways: 'a-to-b', ddl: false })).toMatchObject([{ ddl: { default: 'stop' } }]);
  expect(pipelines({ ddl: true })).toMatchObject([{ ddl: { default: 'apply' } }, { ddl: { default: 'apply' } }]);
  const admin = { user: 'root', password: '' };
  expect(preparationOf(answersOf({ ...given, ways: 'a-to-b' }, ''), 'b', admin)).toMatchObject({ source: false, target: true, ddl: true });
  expect(preparationOf(answers, 'a', admin)).toMatchObject({ source: true, target: true, bothWays: true, ddl: false });
});

it('the hash is of the answers and of what is missing', () => {
  const looks = { a: { hash: '1' }, b: { hash: '2' } };
  expect(hashOf(answers, looks)).toBe(hashOf(answersOf(given, 'again'), looks));
  expect(hashOf(answers, looks)).not.toBe(hashOf({ ...answers, policy: 'stop' }, looks));
  expect(hashOf(answers, looks)).not.toBe(hashOf(answers, { ...looks, b: { hash: '3' } }));
});

it('a password is what servers with rules ask for, and never the same', () => {
  const many = Array.from({ length: 50 }, randomPassword);
  expect(new Set(many).size).toBe(50);
  for (const password of many) expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[-_])[\w-]{32}$/);
});

it('addresses, names', () => {
  expect(addressOf('db.hz')?.slice(1)).toEqual(['db.hz', undefined]);
  expect(addressOf('[::1]:3307')?.slice(1)).toEqual(['::1', '3307']);
  expect(addressOf('mysql://db')).toBe(null);
  expect(nameOf('Übung_2')).toBe('bung-2');
  expect(nameOf('数据')).toBe('channel');
  expect(freeName('mysql-a', [{ name: 'mysql-a' }, { name: 'mysql-a-2' }])).toBe('mysql-a-3');
  expect(shortened('CREATE TABLE IF NOT EXISTS lutra.seed (\n  a INT\n)')).toBe('CREATE TABLE IF NOT EXISTS lutra.seed (…)');
});

const position = (file: string, pos: number, end: number, behind: number | null): PipelinePosition =>
  ({ captured: { position: { file, pos } }, topic: { end }, recordsBehind: behind }) as PipelinePosition;

it('a write came through when its position was read, and the log applied to where its end was then', () => {
  const written = { file: 'binlog.000010', pos: 500 };
  expect(hasRead(position('binlog.000009', 900, 5, 0), written)).toBe(false);
  expect(hasRead(position('binlog.000010', 499, 5, 0), written)).toBe(false);
  expect(hasRead(position('binlog.000010', 500, 5, 0), written)).toBe(true);
  expect(hasRead(position('binlog.000011', 4, 5, 0), written)).toBe(true);
  expect(hasApplied(position('', 0, 12, 3), 10)).toBe(false);
  expect(hasApplied(position('', 0, 12, 2), 10)).toBe(true);
  expect(hasApplied(position('', 0, 12, null), 10)).toBe(false);
});

it('runs when both ends do and everything is copied', () => {
  const progress = (target: string, order: string | null, loader: string | null, tables = { seeding: 0, done: 0 }): Progress =>
    ({
      pipeline: { name: 'there', state: 'running', reason: null, source: { state: 'running' }, target: { state: target } },
      seed: {
        order: order === null ? null : { state: order },
        rows: 1200,
        activity: loader === null ? null : { state: loader, rowsEstimated: 5000 },
        tables,
      },
    }) as unknown as Progress;
  expect(isDone(progress('running', 'running', 'done'))).toBe(true);
  expect(isDone(progress('running', null, null))).toBe(true);
  expect(isDone(progress('running', 'cancelled', null))).toBe(true);
  expect(isDone(progress('running', 'running', null))).toBe(false);
  expect(isDone(progress('running', 'running', null, { seeding: 0, done: 2 }))).toBe(true);
  expect(isDone(progress('running', 'running', 'running'))).toBe(false);
  expect(isDone(progress('starting', 'running', 'done'))).toBe(false);
  expect(lineOf(progress('running', 'running', 'running'))).toMatch(/^there: running, 1.?200 rows copied of about 5.?000$/);
});
