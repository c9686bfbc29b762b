import { randomBytes } from 'node:crypto';
import { endpointSchema } from '@lutra/model';
import { Keyring, sealPassword } from '@lutra/registry';
import type { DocumentChange, Registry, Snapshot } from '@lutra/registry';
import { expect, test } from 'vitest';
import type { ConfigurationService } from '../configuration/configuration.service.js';
import { SecretService } from './secret.service.js';

test('two rotations to different keys do not seal against each other for ever', async () => {
  const [own, other] = [randomBytes(32), randomBytes(32)];
  const access = { name: 'a', region: 'a', host: 'a', port: 3306, user: 'lutra', serverId: 7 };
  const document = endpointSchema.parse({ ...access, password: sealPassword(Keyring.of(other, own), 'p', access) });
  const endpoints = new Map([['a', { version: 0, document, error: null }]]);
  const snapshot = { endpoints, regions: new Map(), channels: new Map(), desired: new Map() } as unknown as Snapshot;
  const registry = {
    workers: { list: async () => [] },
    level: { blocks: async () => [] },
    snapshot: { known: async () => snapshot },
    oidc: { latest: async () => null },
  } as unknown as Registry;
  let writes = 0;
  // Whatever is written, the other rotation has sealed it with its key again when the next write looks.
  const write = async (rules: (of: Snapshot) => { readonly answer: readonly DocumentChange[] }) => {
    if (++writes > 10) throw new Error('it goes on for ever');
    return rules(snapshot).answer;
  };
  const secrets = new SecretService(registry, Keyring.of(own, other), { write } as unknown as ConfigurationService);
  expect((await secrets.rotate()).sealed).toEqual({ endpoints: ['a'], regions: [], oidc: [] });
});
