/** What the walk asks for, and the answers of `lutra init` that follow: the same document, the same preparation. */
import { nameOf } from '@lutra/client';
import type { Answer, Answers, SideAnswers } from '@lutra/client';

export type Look = Answer<'POST /api/v1/prepare'>;
export type Regions = Answer<'GET /api/v1/regions'>;
export type Endpoints = Answer<'GET /api/v1/endpoints'>;

/** As it is typed. */
export interface SideForm {
  readonly host: string;
  readonly port: string;
  readonly admin: string;
  readonly password: string;
  readonly isEncrypted: boolean;
  readonly region: string;
  readonly brokers: string;
}

export interface WalkForm {
  readonly a: SideForm;
  readonly b: SideForm;
  readonly channel: string;
  readonly schemas: readonly string[];
  readonly bothWays: boolean;
  /** Empty: the region of the first server. */
  readonly home: string;
  readonly policy: Answers['policy'];
}

const emptySide: SideForm = { host: '', port: '3306', admin: 'root', password: '', isEncrypted: true, region: '', brokers: '' };
export const emptyForm: WalkForm = { a: emptySide, b: emptySide, channel: '', schemas: [], bothWays: true, home: '', policy: 'home' };

export interface Known {
  readonly regions: Regions;
  readonly endpoints: Endpoints;
}

/** A server that is an endpoint already stays what it is; a region that is there keeps its Kafka. */
export async function sideOf(form: SideForm, { regions, endpoints }: Known, taken: readonly string[] = []): Promise<SideAnswers> {
  const { host, admin, isEncrypted } = form;
  const at = { host, port: Number(form.port), admin, tls: isEncrypted ? {} : null };
  const endpoint = endpoints.find((one) => one.host === at.host && one.port === at.port);
  if (endpoint) {
    const { name, region, user, serverId } = endpoint;
    return { ...at, region, brokers: null, name, user, serverId };
  }
  const isNew = !regions.some(({ name }) => name === form.region);
  const brokers = isNew ? form.brokers.split(',').map((broker) => broker.trim()) : null;
  const name = freeName(`mysql-${form.region}`.slice(0, 46), [...endpoints.map((one) => one.name), ...taken]);
  return { ...at, region: form.region, brokers, name, user: 'lutra', serverId: await serverIdOf(name) };
}

export async function answersOf(form: WalkForm, known: Known): Promise<Answers> {
  const a = await sideOf(form.a, known);
  const b = await sideOf(form.b, known, [a.name]);
  const { schemas, bothWays, policy } = form;
  const channel = form.channel === '' ? nameOf(schemas[0] ?? '') : form.channel;
  const home = bothWays ? form.home || a.region : null;
  return { channel, a, b, schemas, bothWays, home, policy, ddl: !bothWays, binlog: true };
}

export function freeName(name: string, taken: readonly string[]): string {
  for (let n = 1; ; n++) {
    const wanted = n === 1 ? name : `${name}-${n}`;
    if (!taken.includes(wanted)) return wanted;
  }
}

/** As `lutra init` has it, so that each of them goes on with what the other began. */
async function serverIdOf(endpoint: string): Promise<number> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint));
  return 1_000_000_000 + (new DataView(digest).getUint32(0) % 1_000_000_000);
}

/** 32 letters, with one of each kind that validate_password asks for. */
export function randomPassword(): string {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    const password = btoa(String.fromCodePoint(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_');
    if ([/[a-z]/, /[A-Z]/, /\d/, /[-_]/].every((kind) => kind.test(password))) return password;
  }
}

/** The file for `lutra init -f`: passwords are in files of their own. */
export function answersFile({ channel, a, b, schemas, bothWays, home, policy }: Answers): object {
  const side = ({ host, port, tls, admin, region, brokers, name }: SideAnswers): object => ({
    host,
    port,
    ...(tls && { tls: true }),
    admin,
    region,
    ...(brokers && { brokers }),
    name,
  });
  return { channel, a: side(a), b: side(b), schemas, ways: bothWays ? 'both' : 'a-to-b', ...(home !== null && { home }), policy };
}
