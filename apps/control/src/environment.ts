/** What control takes from its environment: one zod object. A wrong variable stops the start with its name, never with its value. */
import { isIP } from 'node:net';
import { readHttpEnvironment, tokenOf } from '@lutra/host';
import type { HttpEnvironment } from '@lutra/host';
import { isLoopback, nameSchema, parseDocument } from '@lutra/model';
import { sessionMsSchema, zooKeeperDigest } from '@lutra/registry';
import { z } from 'zod';

const hosts = /^[^\s:,]+:\d{1,5}(,[^\s:,]+:\d{1,5})*$/;

/** Addresses and networks, separated by commas. */
const proxiesSchema = z
  .string()
  .default('')
  .transform((text) => text.split(',').flatMap((part) => part.trim() || []))
  .refine((parts) => parts.every(isNetwork), 'addresses or networks as 10.0.0.0/8, separated by commas');

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
  LUTRA_LOGIN: z.enum(['required', ''], "'required', or nothing").default(''),
  LUTRA_TRUST_PROXY: proxiesSchema,
  SCHEMA_REGISTRY_URL: z.url().optional(),
  LUTRA_PUBLIC_URL: z
    .url('a URL such as https://lutra.example.com')
    .refine(isOrigin, 'https (or http on a loopback address), a host, perhaps a port, and nothing else')
    .optional(),
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
  /** Addresses and networks of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
  /** The external schema registry that captures and loaders use, if they do. */
  readonly schemaRegistryUrl: string | undefined;
  readonly http: HttpEnvironment;
  /** Under which browsers reach control: https://host[:port]. */
  readonly publicOrigin: string | undefined;
  readonly logLevel: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @throws SyncError CONFIG_INVALID */
export function readEnvironment(variables: Variables): Environment {
  // An empty variable is what a compose file passes on when nobody set it.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const parsed = parseDocument(environmentSchema, given, 'environment');
  const token = tokenOf(given, 'LUTRA_API_TOKEN');
  return {
    zooKeeper: parsed.ZOOKEEPER,
    digest: zooKeeperDigest(given),
    root: parsed.LUTRA_ROOT,
    sessionMs: parsed.LUTRA_SESSION_MS,
    region: parsed.LUTRA_REGION,
    port: parsed.PORT,
    host: parsed.HOST,
    token,
    localAdmin: isForThisMachine(parsed, token),
    trustedProxies: parsed.LUTRA_TRUST_PROXY,
    schemaRegistryUrl: parsed.SCHEMA_REGISTRY_URL,
    http: readHttpEnvironment(given),
    publicOrigin: parsed.LUTRA_PUBLIC_URL && new URL(parsed.LUTRA_PUBLIC_URL).origin,
    logLevel: parsed.LOG_LEVEL,
  };
}

/** A public address, or a proxy, says that others come too. */
function isForThisMachine(parsed: z.infer<typeof environmentSchema>, token: string | undefined): boolean {
  const { HOST, LUTRA_LOGIN, LUTRA_PUBLIC_URL, LUTRA_TRUST_PROXY } = parsed;
  const others = LUTRA_LOGIN === 'required' || LUTRA_PUBLIC_URL !== undefined || LUTRA_TRUST_PROXY.length > 0;
  return isLoopback(HOST) && token === undefined && !others;
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)];
  return rest.length === 0 && most !== undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash, username } = new URL(text);
  const safe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
  return safe && pathname === '/' && search + hash + username === '';
}
