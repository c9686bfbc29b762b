/**
 * A stranger at the address of a database server is not told the password, by any of the clients that log in. 0.0.0.0 reaches this machine,
 * and is no loopback address: it stands for a server elsewhere.
 */
import { checkStart, readBinlog } from '@lutra/binlog';
import type { ServerTls } from '@lutra/model';
import { checkSource, checkTarget } from '@lutra/mysql';
import { createLogger } from '@lutra/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { Stranger } from './stranger.js';
import type { Trick } from './stranger.js';

const elsewhere = { host: '0.0.0.0', tls: { mode: 'off' } } as const;
const password = 'correct horse battery staple';
const started: Stranger[] = [];

afterEach(async () => {
  for (const stranger of started.splice(0)) await stranger.stop();
});

async function strangerWith(trick: Trick): Promise<Stranger> {
  const stranger = await Stranger.start(trick);
  started.push(stranger);
  return stranger;
}

interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly publicKey?: string;
  readonly tls?: ServerTls;
}

const logger = createLogger('test', 'silent');

async function dump(login: Login): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  const options = { ...login, serverId: 7, start: 'now' as const, wants: () => true, logger, signal };
  for await (const item of readBinlog(options)) if (item.kind === 'heartbeat') return;
}

const clients: Readonly<Record<string, (login: Login) => Promise<unknown>>> = {
  'a check of a source': (login) => checkSource(login, { serverId: 7, routes: [] }),
  'a loader': (login) => checkTarget(login, { source: null, routes: [], twoWay: false, rules: [], forwards: false }),
  'a place that is asked for': (login) => checkStart(login, () => ({ gtidSet: null, file: 'binlog.000001', pos: 4 })),
  capture: dump,
};

const asking: readonly Trick[] = ['caching_sha2_password', 'sha256_password', 'mysql_clear_password'];

describe.each(Object.entries(clients))('%s', (_name, login) => {
  it.each(asking)('tells nothing without TLS, unless the endpoint has it off: %s', async (trick) => {
    const stranger = await strangerWith(trick);
    const refused = login({ host: elsewhere.host, port: stranger.port, user: 'lutra', password });
    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^(SOURCE|TARGET)_SETTINGS$/),
      message: expect.stringContaining('tls: {mode: "off"}'),
      details: { tls: 'no TLS' },
    });
    expect([stranger.knows(password), stranger.heard.length]).toEqual([false, 0]);
  });

  it.each(asking)('tells a stranger nothing that asks by %s', async (trick) => {
    const stranger = await strangerWith(trick);
    const refused = login({ ...elsewhere, port: stranger.port, user: 'lutra', password });
    await expect(refused).rejects.toMatchObject({ code: 'SERVER_UNTRUSTED' });
    expect(stranger.knows(password)).toBe(false);
  });

  it('tells nothing by the plugin of before 4.1', async () => {
    const stranger = await strangerWith('mysql_old_password');
    const refused = login({ ...elsewhere, port: stranger.port, user: 'lutra', password });
    await expect(refused).rejects.toMatchObject({ code: expect.stringMatching(/^(SOURCE|TARGET)_DENIED$/) });
    expect(stranger.knows(password)).toBe(false);
  });

  it('encrypts the password for the key that the endpoint names, and for no other', async () => {
    const [right, wrong] = [await strangerWith('caching_sha2_password'), await strangerWith('caching_sha2_password')];
    for (const one of [right, wrong]) {
      const ended = login({ ...elsewhere, port: one.port, user: 'lutra', password, publicKey: right.publicKey }).catch(() => undefined);
      await expect.poll(() => one.heard.some(({ length }) => length === 256)).toBe(true);
      await one.stop();
      await ended;
    }
    expect([right.knows(password), wrong.knows(password)]).toEqual([true, false]);
  });

  it('sends no file that a server asks for', async () => {
    const stranger = await strangerWith('local infile');
    const ended = login({ host: '127.0.0.1', port: stranger.port, user: 'lutra', password }).catch(() => undefined);
    await expect.poll(() => stranger.heard.length).toBeGreaterThan(1);
    await stranger.stop();
    await ended;
    expect(stranger.heard[1]).toEqual(Buffer.alloc(0));
  });
});
