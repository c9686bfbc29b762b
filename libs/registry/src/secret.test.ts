import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealedSecretSchema } from '@lutra/model';
import { afterAll, describe, expect, test } from 'vitest';
import { Keyring, loadKeyring } from './keyring.js';
import { changedLogin, openPassword, sealPassword } from './endpoint-password.js';
import type { EndpointLogin } from './endpoint-password.js';
import { open } from './secret.js';

const keyring = Keyring.of(Buffer.alloc(32, 7));
const orders: EndpointLogin = { name: 'orders', host: 'db-a', port: 3306, user: 'lutra', tls: { ca: 'PEM', verify: true } };
const folder = mkdtempSync(join(tmpdir(), 'lutra-key-'));
afterAll(() => rmSync(folder, { recursive: true }));

const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('a sealed password', () => {
  test('opens for the endpoint that it was sealed for, whatever the text', () => {
    for (const clear of ['', 'pa ss', 'größe 🦦', 'x'.repeat(10_000)]) {
      const password = sealPassword(keyring, clear, orders);
      expect(sealedSecretSchema.parse(password)).toEqual(password);
      expect(password).toMatchObject({ v: 2, kid: keyring.first.kid });
      expect(openPassword(keyring, { ...orders, password })).toBe(clear);
    }
  });

  test('is what the GCM specification says', () => {
    // Its test case 14: a key of 32 zero bytes, an iv of 12, 16 zero bytes of text, no additional data.
    const sealed = {
      v: 2,
      kid: 'x',
      id: 'y',
      iv: Buffer.alloc(12).toString('base64'),
      tag: Buffer.from('d0d1c8a799996bf0265b98b5d48ab919', 'hex').toString('base64'),
      data: Buffer.from('cea7403d4d606b6e074ec5d3baf39d18', 'hex').toString('base64'),
    } as const;
    expect(open({ kid: 'x', bytes: Buffer.alloc(32) }, sealed, Buffer.alloc(0))).toBe('\0'.repeat(16));
  });

  test('never looks the same twice', () => {
    const [a, b] = [sealPassword(keyring, 'x', orders), sealPassword(keyring, 'x', orders)];
    expect(a.iv).not.toBe(b.iv);
    expect(a.data).not.toBe(b.data);
  });

  const elsewhere: Readonly<Record<string, Partial<EndpointLogin>>> = {
    name: { name: 'invoices' },
    host: { host: 'db-b' },
    port: { port: 3307 },
    user: { user: 'root' },
    'tls.ca': { tls: { ca: 'OTHER', verify: true } },
    'tls.ca away': { tls: { verify: true } },
    'tls.verify': { tls: { ca: 'PEM', verify: false } },
    'tls away': { tls: undefined },
    'tls off': { tls: { mode: 'off' } },
    publicKey: { publicKey: 'PEM' },
  };
  test.each(Object.entries(elsewhere))('does not open in a document whose %s was changed past control', (_what, change) => {
    const password = sealPassword(keyring, 'hunter2', orders);
    const error = thrown(() => openPassword(keyring, { ...orders, ...change, password }));
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' });
    expect(String(error)).not.toContain('hunter2');
  });

  test('does not open with another key, damaged, with a short tag, or as an earlier version stored it', () => {
    const password = sealPassword(keyring, 'hunter2', orders);
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes.toString('base64');
    };
    const { v: _v, kid: _kid, id: _id, ref: _ref, ...parts } = password as Extract<typeof password, { v: 2 }>;
    const short = Buffer.from(password.tag, 'base64').subarray(0, 4).toString('base64');
    const attempts: readonly (() => unknown)[] = [
      () => openPassword(Keyring.of(Buffer.alloc(32, 8)), { ...orders, password }),
      ...[{ data: flipped(password.data) }, { tag: flipped(password.tag) }, { iv: flipped(password.iv) }, { iv: '' }, { tag: short }].map(
        (damage) => () => openPassword(keyring, { ...orders, password: { ...password, ...damage } }),
      ),
      () => openPassword(keyring, { ...orders, password: { alg: 'aes-256-gcm', ...parts } }),
    ];
    for (const attempt of attempts) expect(thrown(attempt)).toMatchObject({ code: 'SECRET_UNREADABLE' });
  });

  test('needs the password again for what decides to whom it goes, and for nothing else', () => {
    expect(Object.values(elsewhere).flatMap((change) => changedLogin(orders, { ...orders, ...change }))).toEqual(
      ['host', 'port', 'user', 'tls', 'tls', 'tls', 'tls', 'tls', 'publicKey'], // a name cannot be changed
    );
    expect(changedLogin(orders, { ...orders, tls: { verify: true, ca: 'PEM' } })).toEqual([]);
  });
});

describe('the password of an endpoint with standbys', () => {
  const at = (host: string, standbys: readonly string[]): EndpointLogin & { readonly standbys: { host: string; port: number }[] } => ({
    ...orders,
    host,
    port: 3306,
    standbys: standbys.map((one) => ({ host: one, port: 3306 })),
  });

  test('opens for each of them, whichever is in use, and for no other server', () => {
    const password = sealPassword(keyring, 'secret', at('a', ['b', 'c']));
    expect(openPassword(keyring, { ...at('c', ['b', 'a']), password })).toBe('secret');
    expect(() => openPassword(keyring, { ...at('a', ['b', 'd']), password })).toThrow('orders');
    expect(changedLogin(at('a', ['b']), at('a', ['b', 'c']))).not.toEqual([]);
  });
});

describe('the keys', () => {
  const texts = (bytes: Buffer): readonly string[] => [
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ];

  test('are read from base64, base64url or hex, or from a file', () => {
    const bytes = Buffer.alloc(32, 0xfb);
    for (const text of texts(bytes)) expect(loadKeyring({ LUTRA_SECRET_KEY: text }).first.bytes).toEqual(bytes);
    writeFileSync(join(folder, 'key'), `${bytes.toString('base64')}\n`);
    expect(loadKeyring({ LUTRA_SECRET_KEY: '', LUTRA_SECRET_KEY_FILE: join(folder, 'key') }).first.bytes).toEqual(bytes);
  });

  test('change with their file: a new one opens, seals, and lets the old one go; a damaged file changes nothing', () => {
    const file = join(folder, 'keys');
    const [old, young] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('hex')];
    let second = 1;
    const write = (...lines: readonly string[]): void => {
      writeFileSync(file, lines.join('\n'));
      utimesSync(file, second, second++); // a file system may not tell two writes apart by their time
    };
    write(old);
    const known = loadKeyring({ LUTRA_SECRET_KEY_FILE: file });
    const password = sealPassword(known, 'p', orders);
    write(young, '', old);
    expect(openPassword(known, { ...orders, password })).toBe('p');
    const again = sealPassword(known, 'p', orders);
    write('half a ke');
    expect(known.kids).toHaveLength(2);
    rmSync(file);
    expect(known.kids).toHaveLength(2);
    write(young);
    expect(openPassword(known, { ...orders, password: again })).toBe('p');
    const error = thrown(() => openPassword(known, { ...orders, password }));
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE', message: expect.stringContaining(known.first.kid) });
    expect(String(error)).not.toContain(young);
  });

  test('that are missing, ambiguous or of another length are named and not shown', () => {
    const key31 = Buffer.alloc(31, 1).toString('base64');
    writeFileSync(join(folder, 'empty'), '\n\n');
    const environments: readonly Record<string, string>[] = [
      {},
      { LUTRA_SECRET_KEY: '' },
      { LUTRA_SECRET_KEY: key31 },
      { LUTRA_SECRET_KEY: `${Buffer.alloc(32, 1).toString('base64')}\n${key31}` },
      { LUTRA_SECRET_KEY: Buffer.alloc(33, 1).toString('hex') },
      { LUTRA_SECRET_KEY: 'correct horse battery staple!' },
      { LUTRA_SECRET_KEY_FILE: '/no/such/file' },
      { LUTRA_SECRET_KEY_FILE: join(folder, 'empty') },
      { LUTRA_SECRET_KEY: Buffer.alloc(32).toString('hex'), LUTRA_SECRET_KEY_FILE: '/no/such/file' },
    ];
    for (const environment of environments) {
      const error = thrown(() => loadKeyring(environment));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('LUTRA_SECRET_KEY') });
      expect(String(error)).not.toContain(key31);
    }
    expect(thrown(() => Keyring.of(Buffer.alloc(31)))).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
