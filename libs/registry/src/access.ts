/**
 * Who may read and write our tree. Without a digest ZooKeeper lets everybody, so it is asked for unless ZooKeeper is on this machine; nodes
 * of a time without one are closed by whoever has it; and a tree that is another's is told apart from one that works.
 */
import { SyncError, isLoopback } from '@lutra/model';
import type { Connection } from './connection.js';
import { isDenied, isNoNode, translate } from './faults.js';
import type { Session } from './session.js';

/**
 * ZOOKEEPER_DIGEST, which only a ZooKeeper on this machine, or LUTRA_ZOOKEEPER_OPEN=yes, makes needless.
 * @throws SyncError CONFIG_INVALID
 */
export function zooKeeperDigest(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { ZOOKEEPER = '', ZOOKEEPER_DIGEST: digest = '', LUTRA_ZOOKEEPER_OPEN: open = '' } = env;
  if (!['', 'yes'].includes(open)) throw invalid('LUTRA_ZOOKEEPER_OPEN: yes, or nothing');
  if (digest !== '' && !/^[^:]+:.+$/s.test(digest)) throw invalid('ZOOKEEPER_DIGEST: user:password');
  const here = ZOOKEEPER.split(',').every((server) => isLoopback(server.trim().replace(/:\d+$/, '')));
  if (digest === '' && open === '' && !here) {
    throw invalid(
      'ZOOKEEPER_DIGEST is not set: whoever reaches ZooKeeper could change everything. Set it on all apps (lutra:$(openssl rand -hex 16)); LUTRA_ZOOKEEPER_OPEN=yes goes without it',
    );
  }
  return digest === '' ? undefined : digest;
}

export class Access {
  readonly #session: Session;
  readonly #root: string;
  /** Undefined: not known of this connection yet. */
  #denied: boolean | undefined;
  #asked: Connection | null = null;

  constructor(session: Session, root: string) {
    this.#session = session;
    this.#root = root;
    session.onChange((change) => {
      this.#denied = undefined;
      this.#asked = null;
      if (change.kind === 'connected') this.#ask(change.connection);
    });
  }

  /** Why nothing can be read or written, in a few words; null where all is well. Asks anew, and answers what it knows. */
  get trouble(): string | null {
    const { connection } = this.#session;
    if (!connection) return 'not connected';
    this.#ask(connection);
    if (this.#denied === undefined) return 'not asked yet';
    return this.#denied ? `denies access to ${this.#root}: see ZOOKEEPER_DIGEST` : null;
  }

  #ask(connection: Connection): void {
    if (this.#asked === connection) return;
    this.#asked = connection;
    const learn = (denied: boolean | undefined): void => {
      if (this.#asked !== connection) return;
      this.#asked = null;
      this.#denied = denied ?? this.#denied;
    };
    connection.getData(this.#root).then(
      () => learn(false),
      (error: unknown) => learn(isDenied(error) ? true : undefined),
    );
  }

  /**
   * Closes the nodes that everybody may change, and says how many they were. The root comes last: where it is closed, all below it is.
   * @throws SyncError ZOOKEEPER_UNAVAILABLE, ZOOKEEPER_DENIED
   */
  async close(): Promise<number> {
    const connection = await this.#session.connected();
    return closeBelow(connection, this.#root).catch((error: unknown) => {
      throw translate(error, this.#root);
    });
  }
}

async function closeBelow(connection: Connection, path: string): Promise<number> {
  try {
    if (!(await connection.isOpen(path))) return 0;
    const before = await closeChildren(connection, path);
    await connection.restrict(path);
    // What somebody made there meanwhile; from now on nobody else makes any.
    return before + 1 + (await closeChildren(connection, path));
  } catch (error) {
    if (isNoNode(error)) return 0; // gone meanwhile
    throw error;
  }
}

async function closeChildren(connection: Connection, path: string): Promise<number> {
  let closed = 0;
  for (const name of (await connection.getChildren(path)) ?? []) closed += await closeBelow(connection, `${path}/${name}`);
  return closed;
}

function invalid(message: string): SyncError {
  return new SyncError('CONFIG_INVALID', `environment: ${message}`);
}
