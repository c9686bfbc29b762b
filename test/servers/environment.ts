/**
 * Servers that environment variables may name instead: LUTRA_MYSQL_A and LUTRA_MYSQL_B (mysql://user:password@host:port),
 * LUTRA_KAFKA (bootstrap), LUTRA_ZOOKEEPER (connect string). Without the variable it is a child process like any other.
 */
import { kafkaServer } from './kafka.js';
import { mysqlServer } from './mysql.js';
import type { KafkaOptions, KafkaServer, MysqlOptions, MysqlServer, ZooKeeperOptions, ZooKeeperServer } from './server.js';
import { zooKeeperServer } from './zookeeper.js';

export function mysqlFromEnvironment(side: 'A' | 'B' | 'C', options: Omit<MysqlOptions, 'external'>): MysqlServer {
  return mysqlServer({ ...options, external: process.env[`LUTRA_MYSQL_${side}`] });
}

export function kafkaFromEnvironment(options: Omit<KafkaOptions, 'external'> = {}): KafkaServer {
  return kafkaServer({ ...options, external: process.env['LUTRA_KAFKA'] });
}

export function zooKeeperFromEnvironment(options: Omit<ZooKeeperOptions, 'external'> = {}): ZooKeeperServer {
  return zooKeeperServer({ ...options, external: process.env['LUTRA_ZOOKEEPER'] });
}
