/** What control takes from its environment: one zod object. A wrong variable stops the start with its name, never with its value. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { SyncError, isLoopback, nameSchema, parseDocument } from '@lutra/model';
import { sessionMsSchema, zooKeeperDigest } from '@lutra/registry';
import { z } from 'zod';

const hosts = /^[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*$/;

/** A guess at a random one of 16 hexadecimal digits is right once in 10^19. */
const leastToken = 16;

/** Addresses and networks, separated by commas. */
const proxiesSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .refine((parts) => parts.every(isNetwork), 'addresses or networks as 10.0.0.0/8, separated by commas');

const publicUrlSchema = z
  .url({ protocol: /^https?$/ })
  .refine((text) => /^https?:\/\/[^/?#@]+\/?$/.test(text), 'scheme, host and port alone, as https://lutra.example.com')
  .transform((text) => new URL(text));

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
  LUTRA_LOGIN: z.enum(['required', ''], "'required', or nothing").default(''),
  LUTRA_PUBLIC_URL: publicUrlSchema.optional(),
  LUTRA_TRUST_PROXY: proxiesSchema,
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
  /** LUTRA_API_TOKEN, an admin for emergencies. Undefined: there is none. */
  readonly token: string | undefined;
  /** Requests of this machine need no login: control is for it alone, and no token is set. */
  readonly localAdmin: boolean;
  /** Where people find control; undefined: not told. */
  readonly publicUrl: URL | undefined;
  /** Scheme, host and port of it. */
  readonly publicOrigin: string | undefined;
  /** Addresses and networks of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
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
  return {
    zooKeeper: parsed.ZOOKEEPER,
    digest: zooKeeperDigest(given),
    root: parsed.LUTRA_ROOT,
    sessionMs: parsed.LUTRA_SESSION_MS,
    region: parsed.LUTRA_REGION,
    port: parsed.PORT,
    host: parsed.HOST,
    token: parsed.LUTRA_API_TOKEN,
    localAdmin: isForThisMachine(parsed),
    publicUrl: parsed.LUTRA_PUBLIC_URL,
    publicOrigin: parsed.LUTRA_PUBLIC_URL?.origin,
    trustedProxies: parsed.LUTRA_TRUST_PROXY,
    schemaRegistryUrl: parsed.SCHEMA_REGISTRY_URL,
    metricsOpen: parsed.METRICS_OPEN === 'true',
    logLevel: parsed.LOG_LEVEL,
  };
}

/** A public address, or a proxy, says that others come too. */
function isForThisMachine(parsed: z.infer<typeof environmentSchema>): boolean {
  const { HOST, LUTRA_API_TOKEN, LUTRA_LOGIN, LUTRA_PUBLIC_URL, LUTRA_TRUST_PROXY } = parsed;
  const others = LUTRA_LOGIN === 'required' || LUTRA_PUBLIC_URL !== undefined || LUTRA_TRUST_PROXY.length > 0;
  return isLoopback(HOST) && LUTRA_API_TOKEN === undefined && !others;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  return rest.length === 0 && most !== undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
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
