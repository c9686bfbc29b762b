import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealedSecretSchema } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { loadSecretKey, openSecret, sealSecret } from './secret.js';

const key = Buffer.alloc(32, 7);
const thrown = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('a sealed secret', () => {
  test('opens with its key and name, whatever the text', () => {
    for (const clear of ['', 'pa ss', 'größe 🦦', 'x'.repeat(10_000)]) {
      const sealed = sealSecret(key, clear, 'orders');
      expect(sealedSecretSchema.parse(sealed)).toEqual(sealed);
      expect(openSecret(key, sealed, 'orders')).toBe(clear);
    }
  });

  test('opens if it was sealed by this known vector', () => {
    // The GCM specification's test case 14: a key of 32 zero bytes, an iv of 12, 16 zero bytes of text, no additional data.
    const sealed = {
      alg: 'aes-256-gcm',
      iv: Buffer.alloc(12).toString('base64'),
      tag: Buffer.from('d0d1c8a799996bf0265b98b5d48ab919', 'hex').toString('base64'),
      data: Buffer.from('cea7403d4d606b6e074ec5d3baf39d18', 'hex').toString('base64'),
    } as const;
    expect(openSecret(Buffer.alloc(32), sealed, '')).toBe('\0'.repeat(16));
  });

  test('never looks the same twice', () => {
    const [a, b] = [sealSecret(key, 'x', 'n'), sealSecret(key, 'x', 'n')];
    expect(a.iv).not.toBe(b.iv);
    expect(a.data).not.toBe(b.data);
  });

  test('does not open with another key or under another name, or damaged, or with a short tag', () => {
    const sealed = sealSecret(key, 'hunter2', 'orders');
    const flipped = (text: string): string => {
      const bytes = Buffer.from(text, 'base64');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      return bytes.toString('base64');
    };
    const attempts: readonly (() => unknown)[] = [
      () => openSecret(Buffer.alloc(32, 8), sealed, 'orders'),
      () => openSecret(Buffer.alloc(16, 7), sealed, 'orders'),
      () => openSecret(key, sealed, 'invoices'),
      () => openSecret(key, { ...sealed, data: flipped(sealed.data) }, 'orders'),
      () => openSecret(key, { ...sealed, tag: flipped(sealed.tag) }, 'orders'),
      () => openSecret(key, { ...sealed, iv: flipped(sealed.iv) }, 'orders'),
      () => openSecret(key, { ...sealed, iv: '' }, 'orders'),
      () => openSecret(key, { ...sealed, tag: Buffer.from(sealed.tag, 'base64').subarray(0, 4).toString('base64') }, 'orders'),
    ];
    for (const attempt of attempts) {
      const error = thrown(attempt);
      expect(error).toMatchObject({ code: 'SECRET_UNREADABLE' });
      expect(String(error)).not.toContain('hunter2');
    }
  });

  test('needs a key of 32 bytes', () => {
    expect(thrown(() => sealSecret(Buffer.alloc(31), 'x', 'n'))).toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('the key', () => {
  test('is read from base64, base64url or hex, or from a file', () => {
    const bytes = Buffer.alloc(32, 0xfb);
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
    ]) {
      expect(loadSecretKey({ LUTRA_SECRET_KEY: text })).toEqual(bytes);
    }
    const folder = mkdtempSync(join(tmpdir(), 'lutra-key-'));
    try {
      writeFileSync(join(folder, 'key'), `${bytes.toString('base64')}\n`);
      expect(loadSecretKey({ LUTRA_SECRET_KEY: '', LUTRA_SECRET_KEY_FILE: join(folder, 'key') })).toEqual(bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('that is missing, ambiguous or of another length is named and not shown', () => {
    const key31 = Buffer.alloc(31, 1).toString('base64');
    const environments: readonly Record<string, string>[] = [
      {},
      { LUTRA_SECRET_KEY: '' },
      { LUTRA_SECRET_KEY: key31 },
      { LUTRA_SECRET_KEY: Buffer.alloc(33, 1).toString('hex') },
      { LUTRA_SECRET_KEY: 'correct horse battery staple!' },
      { LUTRA_SECRET_KEY_FILE: '/no/such/file' },
      { LUTRA_SECRET_KEY: Buffer.alloc(32).toString('hex'), LUTRA_SECRET_KEY_FILE: '/no/such/file' },
    ];
    for (const environment of environments) {
      const error = thrown(() => loadSecretKey(environment));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('LUTRA_SECRET_KEY') });
      expect(String(error)).not.toContain(key31);
    }
  });
});
