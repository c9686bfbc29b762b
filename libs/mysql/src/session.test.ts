/** What a session makes of answers that no server of today gives: from a server that is no more than its answers. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { inTexts, Session } from './session.js';

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
const eof = Buffer.of(0xfe, 0, 0, 2, 0);
/** Protocol 4.1 with mysql_native_password: version, connection, 20 bytes to be signed. */
const greeting = Buffer.concat([
  Buffer.from('\x0a8.0.15\0'),
  Buffer.of(1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0xff, 0xf7, 45, 2, 0, 0x08, 0, 21, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  Buffer.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0),
  Buffer.from('mysql_native_password\0'),
]);

/** One row of one column. */
function answer(columnType: number): readonly Buffer[] {
  const names = ['def', 'shop', 't', 't', 'packet', 'packet'].map(text);
  const column = Buffer.concat([...names, Buffer.of(12, 45, 0, 20, 0, 0, 0, columnType, 0, 0, 0, 0, 0)]);
  return [Buffer.of(1), column, eof, text('64000000'), eof];
}

/** Accepts whoever comes, and answers every text with one row of a column of this type. */
async function serverOf(columnType: number): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer((socket) => {
    const send = (first: number, packets: readonly Buffer[]): void => {
      for (const [i, packet] of packets.entries()) socket.write(Buffer.concat([Buffer.of(packet.length, 0, 0, first + i), packet]));
    };
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      if (bytes[3] === 1) return send(2, [Buffer.of(0, 0, 0, 2, 0, 0, 0)]);
      if (bytes[4] === 3) send(1, answer(columnType));
      else socket.end();
    });
    send(0, [greeting]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

const user = { user: 'u', password: '' };

it('reads an answer of a type that it knows', async () => {
  const session = await Session.open({ ...(await serverOf(0x08)), ...user }, 'target');
  expect(session.maxTextBytes).toBe(63_999_999);
  await session.close();
});

it.each([
  ['that has no name', 0xf1],
  ['that no answer has', 0x0e],
])('refuses a type %s, by table and column, and is broken: the rest of the answer is unread', async (_, type) => {
  const opened = Session.open({ ...(await serverOf(type)), ...user }, 'target');
  await expect(opened).rejects.toMatchObject({
    code: 'COLUMN_UNSUPPORTED',
    message: expect.stringContaining('shop.t, column packet'),
    details: { database: 'shop', table: 't', column: 'packet' },
  });
});

it('statements travel together as far as a text may be large, in their order', () => {
  expect(inTexts(['SELECT 1', 'SELECT 2'], 1_000)).toEqual(['SELECT 1;\nSELECT 2']);
  const long = `SELECT '${'x'.repeat(400)}'`;
  expect(inTexts([long, 'SELECT 2', long, long], 1_000)).toEqual([`${long};\nSELECT 2;\n${long}`, long]);
  expect(inTexts([], 1_000)).toEqual([]);
});
