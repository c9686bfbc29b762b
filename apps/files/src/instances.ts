/** The files apps that live, out of ZooKeeper. */
import type { ListInstances } from '@lutra/files';
import type { Registry } from '@lutra/registry';

export function instancesOf({ workers }: Pick<Registry, 'workers'>): ListInstances {
  return async () => (await workers.list()).flatMap(({ region, files }) => (files ? [{ region, ...files }] : []));
}
