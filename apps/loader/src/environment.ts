/** What a loader process is told by its environment; everything else is in ZooKeeper. */
import { nameSchema, parseDocument } from '@lutra/model';
import { sessionMsSchema, zooKeeperDigest } from '@lutra/registry';
import { z } from 'zod';

const environmentSchema = z.object({
  ZOOKEEPER: z.string().min(1),
  ZOOKEEPER_DIGEST: z.string().optional(),
  LUTRA_ROOT: z.string().default('/lutra'),
  /** Of the session with ZooKeeper: after so long without a sign of life another process takes over. */
  LUTRA_SESSION_MS: sessionMsSchema,
  /** The region whose endpoints this process writes. */
  LUTRA_REGION: nameSchema,
  /** Only these pipelines (`<channel>.<pipeline>`), comma-separated; all that write to the region if absent. */
  LUTRA_PIPELINES: z.string().optional(),
  /** An external Confluent-compatible registry for schema ids, instead of ZooKeeper. */
  SCHEMA_REGISTRY_URL: z.url().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(8082),
});

export type Environment = z.infer<typeof environmentSchema>;

export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  return { ...parseDocument(environmentSchema, env, 'environment'), ZOOKEEPER_DIGEST: zooKeeperDigest(env) };
}
