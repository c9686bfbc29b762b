/**
 * The words of this folder: what a test may do with a real server. A server is an object with a lifetime; nothing runs
 * before `start()`, and nothing is left behind after `stop()`, or after the death of the process that started it.
 */
export type MysqlVersion = '8.0' | '9.7' | 'mariadb-11.4';
/** aria2 is started by the product itself, and Chromium by Playwright; they are only fetched here. */
export type ServerKind = 'mysql-8.0' | 'mysql-9.7' | 'mariadb-11.4' | 'kafka' | 'zookeeper' | 'aria2' | 'chromium';
export const serverKinds: readonly ServerKind[] = ['mysql-8.0', 'mysql-9.7', 'mariadb-11.4', 'kafka', 'zookeeper', 'aria2', 'chromium'];

export type Log = (line: string) => void;

export interface Server {
  readonly name: string;
  /** 127.0.0.1, except for an external server. */
  readonly host: string;
  /** 0 before the first `start()`; from then on it never changes. */
  readonly port: number;
  /** Undefined while down, and always for an external server. */
  readonly pid: number | undefined;
  /** True when an environment variable named a server that runs already: it cannot be killed or frozen. */
  readonly external: boolean;
  /** What the server printed; gone after `stop()`. Undefined before the first start and for an external server. */
  readonly logFile: string | undefined;
  /** Resolves when the server answers its own protocol; a failure carries the tail of the server's log. */
  start(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. Data stay. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing answers. */
  freeze(): void;
  /** SIGCONT. */
  resume(): void;
  /** Starts again on the same port: on the same data after `kill()` or while it runs, on fresh data after `stop()`. */
  restart(): Promise<void>;
  /** SIGKILL; removes the data folder. */
  stop(): Promise<void>;
}

export interface MysqlServer extends Server {
  readonly version: MysqlVersion;
  readonly flavor: 'mysql' | 'mariadb';
  /** root, except for an external server. */
  readonly user: string;
  /** Empty, except for an external server. */
  readonly password: string;
  /** mysql://user:password@host:port */
  readonly url: string;
}

export interface KafkaServer extends Server {
  /** Open to everybody; who comes this way is `User:ANONYMOUS`, and may do all. */
  readonly bootstrap: string;
  /** With `secure`. */
  readonly secured: SecureBootstrap | undefined;
}

export interface SecureBootstrap {
  /** SASL (PLAIN, SCRAM) over TLS. */
  readonly sasl: string;
  /** TLS that asks for the client's certificate. */
  readonly mutual: string;
  /** SASL without TLS, and without SCRAM-SHA-256. */
  readonly clear: string;
}

/** Listeners for those who must say who they are. Nobody may do anything there that no ACL grants (kafka-users.ts). */
export interface KafkaSecureOptions {
  /** Of the broker; its clients may show one that it signed, or itself. */
  readonly certificate: { readonly key: string; readonly cert: string };
  /** Passwords of users of PLAIN; those of SCRAM are made while it runs. */
  readonly plain?: Readonly<Record<string, string>>;
}

export interface ZooKeeperServer extends Server {
  readonly connect: string;
  /** SIGKILL, and its data are gone: the next `start()` begins with an empty tree, on the same port. */
  loseData(): Promise<void>;
  /** A copy of its data as they are now, as a backup makes it; a folder that goes with the server. */
  saveData(): Promise<string>;
  /** SIGKILL, and its data are those of the copy: the next `start()` begins with them. */
  restoreData(copy: string): Promise<void>;
}

export interface MysqlOptions {
  readonly version: MysqlVersion;
  readonly name?: string | undefined;
  readonly serverId: number;
  /** lower_case_table_names, which MySQL takes only when its data are made. Default 0: names have a case. */
  readonly lowerCaseTableNames?: 0 | 1 | undefined;
  /** mysqld options, after ours, so that they win. */
  readonly extra?: readonly string[] | undefined;
  /** mysql://user:password@host:port of a server that runs already. */
  readonly external?: string | undefined;
}

export interface KafkaOptions {
  readonly name?: string | undefined;
  /** server.properties, over ours. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  readonly secure?: KafkaSecureOptions | undefined;
  /** host:port[,host:port] of brokers that run already. */
  readonly external?: string | undefined;
}

export interface ZooKeeperOptions {
  readonly name?: string | undefined;
  /** zoo.cfg, over ours. */
  readonly extra?: Readonly<Record<string, string>> | undefined;
  /** Connect string of an ensemble that runs already. */
  readonly external?: string | undefined;
}
