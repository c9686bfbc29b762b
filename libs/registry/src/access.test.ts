/** Closing the nodes of a time without a digest, while somebody without one is still at work. */
import { expect, it } from 'vitest';
import { Access } from './access.js';
import type { Connection } from './connection.js';
import type { Session } from './session.js';

it('closes the nodes, too, that somebody makes while it closes those above them', async () => {
  const open = new Set(['/lutra', '/lutra/logs', '/lutra/logs/a', '/lutra/channels']);
  const nodes = new Set(open);
  const make = (path: string): void => {
    for (const set of [open, nodes]) set.add(path);
  };
  const connection: Pick<Connection, 'getData' | 'isOpen' | 'getChildren' | 'restrict'> = {
    getData: async () => null,
    isOpen: async (path) => open.has(path),
    getChildren: async (path) =>
      [...nodes].filter((node) => node.slice(0, node.lastIndexOf('/')) === path).map((node) => node.slice(path.length + 1)),
    restrict: async (path) => {
      // The last moment in which everybody may make one there.
      if (open.has(path) && ['/lutra', '/lutra/logs'].includes(path)) make(`${path}/late`);
      open.delete(path);
    },
  };
  const session = { connection: null, onChange: () => undefined, connected: async () => connection as Connection };
  const access = new Access(session as unknown as Session, '/lutra');
  expect(await access.close()).toBe(6);
  expect([...open]).toEqual([]);
});
