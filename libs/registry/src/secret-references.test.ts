import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SyncError } from '@lutra/model';
import { afterAll, describe, expect, it } from 'vitest';
import { loginOf, openPassword, resealedEndpoint, sealPassword } from './endpoint-password.js';
import { Keyring, loadKeyring } from './keyring.js';
import { SecretReferences } from './secret-references.js';

const outer = mkdtempSync(join(tmpdir(), 'lutra-references-'));
const folder = join(outer, 'secrets');
mkdirSync(join(folder, 'deep'), { recursive: true });
afterAll(() => rmSync(outer, { recursive: true }));
const inFolder = (name: string, text: string): void => writeFileSync(join(folder, name), text);

const key = Buffer.alloc(32, 7);
const environment = {
  LUTRA_SECRET_KEY: key.toString('hex'),
  LUTRA_SECRETS_DIR: folder,
  LUTRA_SECRET_DB: 'of a variable',
  LUTRA_SECRET_COPY: key.toString('base64'),
  LUTRA_API_TOKEN_FILE: join(folder, 'token'),
};
const references = new SecretReferences(environment);
const refusal = (work: () => unknown): string => {
  try {
    return `none, but ${String(work())}`;
  } catch (error) {
    return error instanceof SyncError ? `${error.code} ${error.message}` : String(error);
  }
};

describe('a reference', () => {
  it('is what a variable or a file has, without the line break at its end', () => {
    inFolder('plain', 'of a file\n');
    inFolder('deep/er', ' two\nlines \r\n');
    // As Kubernetes mounts secrets: links within the folder.
    symlinkSync(join(folder, 'plain'), join(folder, 'linked'));
    expect(references.resolve('env:LUTRA_SECRET_DB')).toBe('of a variable');
    expect(['plain', 'linked', 'deep/er'].map((name) => references.resolve(`file:${name}`))).toEqual([
      'of a file',
      'of a file',
      ' two\nlines ',
    ]);
  });

  it.each([
    ['file:none', 'ENOENT'],
    ['file:deep', 'no file of at most'],
    ['file:empty', 'it is empty'],
    ['file:large', 'no file of at most'],
    ['file:out', 'a link leads out'],
    ['file:beside', 'a link leads out'],
    ['file:token', "a secret of Lutra's own"],
    ['file:to-token', "a secret of Lutra's own"],
    ['env:LUTRA_SECRET_NONE', 'no such variable'],
    ['env:LUTRA_SECRET_KEY', 'it is none'],
    ['env:LUTRA_API_TOKEN', 'it is none'],
    ['file:../outside', 'it is none'],
  ])('%s is not', (reference, why) => {
    for (const [name, text] of [
      ['empty', '\n'],
      ['large', 'x'.repeat(70_000)],
      ['token', 'of control'],
    ] as const)
      inFolder(name, text);
    writeFileSync(join(outer, 'outside'), 'not yours');
    mkdirSync(`${folder}-beside`, { recursive: true });
    writeFileSync(join(`${folder}-beside`, 'x'), 'not yours');
    const links = { out: join(outer, 'outside'), beside: join(`${folder}-beside`, 'x'), 'to-token': join(folder, 'token') };
    for (const [name, to] of Object.entries(links)) {
      rmSync(join(folder, name), { force: true });
      symlinkSync(to, join(folder, name));
    }
    const said = refusal(() => references.resolve(reference));
    expect(said).toMatch(/^SECRET_MISSING/);
    expect(said).toContain(why);
    expect(said).not.toMatch(/not yours|of control/);
  });

  it('needs the folder to be said', () => {
    const without = new SecretReferences({});
    const error = expect.objectContaining({ code: 'SECRET_MISSING', message: expect.stringContaining('LUTRA_SECRETS_DIR is not set') });
    expect(() => without.resolve('file:plain')).toThrow(error);
  });
});

describe('a password that is a reference', () => {
  const keyring = loadKeyring(environment);
  const orders = { name: 'orders', host: 'db-a', port: 3306, user: 'lutra' };

  it('is bound as one that is sealed, and read anew each time that somebody connects', () => {
    const password = sealPassword(keyring, 'file:rotated', orders);
    expect(password).toMatchObject({ ref: 'file:rotated', data: '' });
    inFolder('rotated', 'one');
    const login = loginOf(keyring, { ...orders, password });
    expect({ ...login }.password).toBe('one');
    inFolder('rotated', 'two');
    expect({ ...login }.password).toBe('two');
    expect(refusal(() => openPassword(keyring, { ...orders, host: 'stranger', password }))).toMatch(/^SECRET_UNREADABLE/);
    const other = { ...password, ref: 'file:plain' };
    expect(refusal(() => openPassword(keyring, { ...orders, password: other }))).toMatch(/^SECRET_UNREADABLE/);
  });

  it('is never the key itself, under whatever name', () => {
    inFolder('key', `# kept here too\n${key.toString('base64url')}\n`);
    for (const reference of ['file:key', 'env:LUTRA_SECRET_COPY']) {
      const password = sealPassword(keyring, reference, orders);
      const said = refusal(() => openPassword(keyring, { ...orders, password }));
      expect(said).toMatch(/^SECRET_UNREADABLE.*is the secret key itself/);
    }
  });

  it('goes over to another key without being read', () => {
    const password = sealPassword(keyring, 'file:none', orders);
    const young = Keyring.of(Buffer.alloc(32, 8), key);
    const anew = resealedEndpoint(young, { ...orders, password } as never).password;
    expect(anew).toMatchObject({ kid: young.first.kid, ref: 'file:none' });
    expect(refusal(() => openPassword(young, { ...orders, password: anew }))).toMatch(/^SECRET_MISSING/);
  });
});
