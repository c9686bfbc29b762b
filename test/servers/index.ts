/** Real servers for demo, tests and benchmarks, as child processes on free ports of 127.0.0.1. See README.md. */
export { CommandError, MissingToolError } from './command.js';
export { aria2c, rsync } from './debian-tools.js';
export { kafkaFromEnvironment, mysqlFromEnvironment, zooKeeperFromEnvironment } from './environment.js';
export { kafkaServer } from './kafka.js';
export { kept, running } from './kept.js';
export { mysqlServer } from './mysql.js';
export { prepare } from './prepare.js';
export { serverKinds } from './server.js';
export type {
  KafkaOptions,
  KafkaServer,
  Log,
  MysqlOptions,
  MysqlServer,
  MysqlVersion,
  Server,
  ServerKind,
  ZooKeeperOptions,
  ZooKeeperServer,
} from './server.js';
export { zooKeeperServer } from './zookeeper.js';
