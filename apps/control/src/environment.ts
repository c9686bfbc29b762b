/** What control takes from its environment: one zod object. A wrong variable stops the start with its name, never with its value. */
import { readFileSync } from 'node:fs';
import { SyncError, isLoopback, nameSchema, parseDocument } from '@lutra/model';
import { sessionMsSchema, zooKeeperDigest } from '@lutra/registry';
import { z } from 'zod';

const hosts = /^[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*$/;

/** A guess at a random one of 16 hexadecimal digits is right once in 10^19. */
const leastToken = 16;

const environmentSchema = z.object({
  ZOOKEEPER: z.string('not set: host:port of ZooKeeper').regex(hosts, 'host:port, several separated by commas'),
  LUTRA_ROOT: z
    .string()
    .regex(/^(\/[\w.-]+)+$/, 'a path such as /lutra')
    .default('/lutra'),
  LUTRA_SESSION_MS: sessionMsSchema,
  LUTRA_REGION: nameSchema.optional(),
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  LUTRA_API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'one word of visible ASCII characters; leave it out to have none')
    .min(leastToken, `at least ${leastToken} characters; openssl rand -hex 16 makes one`)
    .optional(),
  SCHEMA_REGISTRY_URL: z.url().optional(),
  METRICS_OPEN: z.enum(['true', 'false']).default('false'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface Environment {
  /** host:port, several separated by commas */
  readonly zooKeeper: string;
  readonly digest: string | undefined;
  readonly root: string;
  /** Of the session with ZooKeeper. */
  readonly sessionMs: number;
  readonly region: string | undefined;
  readonly port: number;
  readonly host: string;
  /** Undefined: no token is asked for, and `host` is a loopback address. */
  readonly token: string | undefined;
  /** The external schema registry that captures and loaders use, if they do. */
  readonly schemaRegistryUrl: string | undefined;
  readonly metricsOpen: boolean;
  readonly logLevel: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws SyncError CONFIG_INVALID */
export function readEnvironment(variables: Variables): Environment {
  // An empty variable is what a compose file passes on when nobody set it.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = parseDocument(environmentSchema, { ...given, LUTRA_API_TOKEN: tokenOf(given) }, 'environment');
  if (parsed.LUTRA_API_TOKEN === undefined && !isLoopback(parsed.HOST)) {
    throw invalid('LUTRA_API_TOKEN is not set: without it control listens on a loopback address (HOST=127.0.0.1) and nowhere else');
  }
  return {
    zooKeeper: parsed.ZOOKEEPER,
    digest: zooKeeperDigest(given),
    root: parsed.LUTRA_ROOT,
    sessionMs: parsed.LUTRA_SESSION_MS,
    region: parsed.LUTRA_REGION,
    port: parsed.PORT,
    host: parsed.HOST,
    token: parsed.LUTRA_API_TOKEN,
    schemaRegistryUrl: parsed.SCHEMA_REGISTRY_URL,
    metricsOpen: parsed.METRICS_OPEN === 'true',
    logLevel: parsed.LOG_LEVEL,
  };
}

function tokenOf({ LUTRA_API_TOKEN: token, LUTRA_API_TOKEN_FILE: file }: Variables): string | undefined {
  if (file === undefined) return token;
  if (token !== undefined) throw invalid('LUTRA_API_TOKEN and LUTRA_API_TOKEN_FILE are both set; keep one');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw invalid(`LUTRA_API_TOKEN_FILE: ${file} cannot be read`, cause);
  }
}

function invalid(message: string, cause?: unknown): SyncError {
  return new SyncError('CONFIG_INVALID', `environment: ${message}`, { cause });
}
