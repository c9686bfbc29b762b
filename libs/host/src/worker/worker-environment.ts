/** What a process that works on pieces of the configuration is told by its environment; everything else is in ZooKeeper. */
import { nameSchema, parseDocument } from '@lutra/model';
import { sessionMsSchema, zooKeeperDigest } from '@lutra/registry';
import { z } from 'zod';
import { readHttpEnvironment } from '../http/http-environment.js';
import type { HttpEnvironment } from '../http/http-environment.js';

const environmentSchema = z.object({
  ZOOKEEPER: z.string().min(1),
  ZOOKEEPER_DIGEST: z.string().optional(),
  LUTRA_ROOT: z.string().default('/lutra'),
  /** Of the session with ZooKeeper: after so long without a sign of life another process takes over. */
  LUTRA_SESSION_MS: sessionMsSchema,
  /** The region that this process works for. */
  LUTRA_REGION: nameSchema,
  /** An external Confluent-compatible registry for schema ids, instead of ZooKeeper. */
  SCHEMA_REGISTRY_URL: z.url().optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).optional(),
});

export interface WorkerEnvironment extends z.infer<typeof environmentSchema> {
  /** Names of the pieces of work that this process may take; null: all of the region. */
  readonly only: readonly string[] | null;
  readonly http: HttpEnvironment;
}

/** @param onlyVariable names pieces of work, separated by commas; null: there is none. @throws SyncError CONFIG_INVALID */
export function readWorkerEnvironment(env: NodeJS.ProcessEnv, onlyVariable: string | null): WorkerEnvironment {
  const only = (onlyVariable === null ? undefined : env[onlyVariable])?.split(',').map((name) => name.trim()) ?? null;
  const parsed = parseDocument(environmentSchema, env, 'environment');
  return { ...parsed, ZOOKEEPER_DIGEST: zooKeeperDigest(env), only, http: readHttpEnvironment(env) };
}
