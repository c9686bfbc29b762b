/**
 * Servers that all files of a process share: each started by the first file that needs it, ended with the process. For files that take it
 * as any client does, with names of their own in it: a root in ZooKeeper, topics in Kafka. Who kills or freezes a server, or starts it with
 * options, has one of its own.
 */
import { kafkaServer } from './kafka.js';
import type { Server } from './server.js';
import { zooKeeperServer } from './zookeeper.js';

export const kept = { zooKeeper: zooKeeperServer(), kafka: kafkaServer() };

/** For a file's `beforeAll`. */
export async function running(...servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.filter(({ pid }) => pid === undefined).map((server) => server.start()));
}
