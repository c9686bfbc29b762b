/**
 * An application whose products have pictures, and who watches it at each side: a row that can be read has its file, whole. It writes a
 * file under another name, renames it, and commits the row then. A picture never changes; another one has another name.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions, RowDataPacket } from 'mysql2/promise';
import type { FileRule } from '@lutra/model';
import type { Random } from '../harness/index.js';
import { Client } from '../ddl/storm.js';

export const picturesDatabase = 'pictures';
export const root = 'pics';
export const createPictures = `CREATE DATABASE ${picturesDatabase}; CREATE TABLE ${picturesDatabase}.products (
  id BIGINT NOT NULL PRIMARY KEY, shop INT NOT NULL, image VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, sha256 CHAR(64) NULL, n INT NOT NULL DEFAULT 0)`;

export const rule: Partial<FileRule> & Pick<FileRule, 'root' | 'path'> = {
  root,
  path: '{shop}/{id}/{image}',
  strip: 'https://img.example.com/',
  hash: 'sha256',
  deletes: 'trash',
};

export interface Product {
  readonly id: number;
  readonly path: string;
  readonly sha256: string;
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface ApplicationOptions {
  readonly connection: ConnectionOptions;
  /** Where its files are. */
  readonly folder: string;
  readonly random: Random;
  /** Its keys are this, modulo `sides`. */
  readonly side: number;
  readonly sides: number;
  /** Most bytes of a picture. */
  readonly maxBytes: number;
  /** `products` if absent. */
  readonly table?: string;
}

const names = ['a b.jpg', 'ü.png', 'c%20d.gif', "it's.webp", 'x.torrent', 'y.metalink', '图.jpg', 'n.tar.gz', `${'l'.repeat(250)}.j`];

export class Application {
  readonly #options: ApplicationOptions;
  readonly #client: Client;
  #n = 0;
  #version = 0;

  constructor(options: ApplicationOptions) {
    this.#options = options;
    this.#client = new Client({ ...options.connection, database: picturesDatabase });
  }

  /** Of what became of its statements: the server answered that they ran. */
  readonly counts = { inserted: 0, changed: 0, deleted: 0 };
  /** Written, whatever became of their rows. */
  files = 0;
  /** Paths that its changes and deletions took from rows, whoever had written them. */
  readonly letGo = new Set<string>();

  get #table(): string {
    return this.#options.table ?? 'products';
  }

  async run(signal: AbortSignal, { pauseMs = 10 }: { readonly pauseMs?: number } = {}): Promise<void> {
    while (!signal.aborted) {
      await this.step();
      await sleep(this.#options.random.int(0, pauseMs * 2));
    }
    this.#client.close();
  }

  async step(): Promise<void> {
    const { random } = this.#options;
    if (this.#n < 5 || random.chance(0.6)) return this.insert();
    if (random.chance(0.7)) return this.#change();
    const id = this.#some();
    if (await this.#write(id, `DELETE FROM ${this.#table} WHERE id = ${id}`)) this.counts.deleted += 1;
  }

  async insert(bytes?: Buffer): Promise<void> {
    const { side, sides } = this.#options;
    const id = (this.#n += 1) * sides + side;
    const shop = id % 7;
    const { image, sha256 } = await this.#picture(`${shop}/${id}`, bytes);
    const sql = `INSERT INTO ${this.#table} (id, shop, image, sha256) VALUES (${id}, ${shop}, ${image}, ${sha256})`;
    if ((await this.#client.run(sql)) === 'ran') this.counts.inserted += 1;
  }

  close(): void {
    this.#client.close();
  }

  /** Another picture for a row of anybody, or only its count. */
  async #change(): Promise<void> {
    const id = this.#some();
    const { image, sha256 } = await this.#picture(`${id % 7}/${id}`);
    const picture = this.#options.random.chance(0.7) ? `image = ${image}, sha256 = ${sha256}, ` : '';
    if (await this.#write(id, `UPDATE ${this.#table} SET ${picture}n = n + 1 WHERE id = ${id}`)) this.counts.changed += 1;
  }

  /** A statement about one row, in a transaction. @returns whether it is committed */
  async #write(id: number, sql: string): Promise<boolean> {
    const of = `SELECT id, shop, image, sha256 FROM ${this.#table} WHERE id = ${id}`;
    try {
      const connection = await this.#client.open();
      await connection.beginTransaction();
      const [before] = await connection.query<RowDataPacket[]>(`${of} FOR UPDATE`);
      await connection.query(sql);
      const [after] = await connection.query<RowDataPacket[]>(of);
      await connection.commit();
      const named = new Set(after.flatMap(productOf).map(({ path }) => path));
      for (const { path } of before.flatMap(productOf)) if (!named.has(path)) this.letGo.add(path);
      return true;
    } catch {
      this.#client.close(); // a deadlock, or nobody is there: it begins anew
      return false;
    }
  }

  #some(): number {
    const { random, side, sides } = this.#options;
    const of = random.chance(0.5) ? side : random.int(0, sides - 1);
    return random.int(1, Math.max(1, this.#n)) * sides + of;
  }

  /** As SQL. */
  async #picture(folder: string, given?: Buffer): Promise<{ readonly image: string; readonly sha256: string }> {
    const { random, side } = this.#options;
    if (!given && random.chance(0.03)) return { image: 'NULL', sha256: 'NULL' };
    const bytes = given ?? this.#bytes();
    const name = `${side}-${(this.#version += 1)}-${random.pick(names)}`.slice(0, 250);
    const place = join(this.#options.folder, folder, name);
    await mkdir(dirname(place), { recursive: true });
    const draft = join(this.#options.folder, `draft-${side}-${this.#version}`);
    await writeFile(draft, bytes);
    await rename(draft, place);
    this.files += 1;
    const text = `https://img.example.com/${name}`.replaceAll("'", "''");
    return { image: `'${text}'`, sha256: `'${sha256Of(bytes)}'` };
  }

  #bytes(): Buffer {
    const { random, maxBytes } = this.#options;
    if (random.chance(0.03)) return Buffer.alloc(0);
    const most = random.chance(0.02) ? maxBytes : 100_000;
    const length = Math.min(most, Math.floor(Math.exp(random.next() * Math.log(most))));
    // Parts of many pictures are alike; no two are.
    return Buffer.concat([Buffer.from(`${this.#options.side} ${this.#version} `), Buffer.alloc(length, random.int(0, 255))]);
  }
}

/** What a side's rows name, by key. */
export async function productsOf(connection: ConnectionOptions, table = 'products'): Promise<readonly Product[]> {
  const client = new Client({ ...connection, database: picturesDatabase });
  try {
    const [rows] = await (await client.open()).query<RowDataPacket[]>(`SELECT id, shop, image, sha256 FROM ${table} ORDER BY id`);
    return rows.flatMap(productOf);
  } finally {
    client.close();
  }
}

function productOf({ id, shop, image, sha256 }: RowDataPacket): readonly Product[] {
  const name = String(image).split('https://img.example.com/')[1];
  return name === undefined ? [] : [{ id: Number(id), path: `${shop}/${id}/${name}`, sha256: String(sha256) }];
}

/** In words: rows whose file is not there, or is another one. */
export async function wrongFiles(products: readonly Product[], folder: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { id, path, sha256 } of products) {
    const bytes = await readFile(join(folder, path)).catch(() => null);
    if (!bytes) wrong.push(`product ${id}: ${path} is missing`);
    else if (sha256Of(bytes) !== sha256) wrong.push(`product ${id}: ${path} has other bytes`);
  }
  return wrong;
}

/** Paths of all files of a root that rows of no product name, and what is left in staging. */
export async function leftOver(
  products: readonly Product[],
  folder: string,
): Promise<{ orphans: readonly string[]; staged: readonly string[] }> {
  const named = new Set(products.map(({ path }) => path));
  const all = await filesBelow(folder);
  const own = (part: string): readonly string[] => all.filter((path) => path.startsWith(`.lutra/${part}/`));
  return {
    orphans: all.filter((path) => !path.startsWith('.lutra/') && !named.has(path)),
    staged: [...own('stage'), ...own('undo')],
  };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Reads rows of a side all the time, and looks for their files. */
export class Reader {
  readonly problems: string[] = [];
  #looks = 0;
  readonly #stopped = new AbortController();
  readonly #working: Promise<void>;

  constructor(
    readonly connection: ConnectionOptions,
    readonly folder: string,
    random: Random,
    readonly table = 'products',
  ) {
    this.#working = this.#run(random);
  }

  get looks(): number {
    return this.#looks;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#working;
  }

  async #run(random: Random): Promise<void> {
    const client = new Client({ ...this.connection, database: picturesDatabase });
    while (!this.#stopped.signal.aborted) {
      await this.#look(client, random).catch(() => client.close());
      await sleep(10);
    }
    client.close();
  }

  /** The newest rows, and some of any age. A row that was read and is another one now is looked at no more: its file may have left. */
  async #look(client: Client, random: Random): Promise<void> {
    const connection = await client.open();
    const order = random.chance(0.5) ? 'n DESC, id DESC' : random.chance(0.5) ? 'id DESC' : 'RAND()';
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT id, shop, image, sha256 FROM ${this.table} ORDER BY ${order} LIMIT 20`);
    for (const product of rows.flatMap(productOf)) {
      this.#looks += 1;
      const [problem] = await wrongFiles([product], this.folder);
      if (problem === undefined) continue;
      const [again] = await connection.query<RowDataPacket[]>(`SELECT id, shop, image, sha256 FROM ${this.table} WHERE id = ?`, [
        product.id,
      ]);
      const [now] = again.flatMap(productOf);
      if (now?.path === product.path) this.problems.push(problem);
    }
  }
}
