/**
 * Pictures of the shop, whose rows name files: an application at each side that adds them, and one that looks for the file of each row the
 * moment the row can be read.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { ChannelOptions, Stack } from '../harness/index.js';
import { emptyTotals, keyOffset, Random, shopDatabase, type Side, type Totals, Writer } from '../harness/index.js';

export const picturesRoot = 'pictures';
const table = `${shopDatabase}.pictures`;
const leastBytes = 1_000;
const mostBytes = 2_000_000;
/** One application adds no more: a long demo must not fill the disk. */
const most = 1_000;

/** The first route that takes a table has its file rules. */
export const routes: NonNullable<ChannelOptions['routes']> = [
  {
    schema: shopDatabase,
    table: 'pictures',
    files: [{ root: picturesRoot, path: '{id}/{image}', hash: 'sha256', immutable: true, deletes: 'trash' }],
  },
  { schema: shopDatabase },
];

export async function createPictures(connection: Connection): Promise<void> {
  const columns =
    'id BIGINT UNSIGNED NOT NULL PRIMARY KEY, image VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, sha256 CHAR(64) CHARACTER SET ascii NOT NULL';
  await connection.query(`CREATE TABLE ${table} (${columns}) ENGINE=InnoDB`);
}

export interface SitePictures {
  readonly side: Side;
  readonly connection: ConnectionOptions;
  /** The root. */
  readonly folder: string;
}

export function pictureSite(stack: Stack, side: Side): SitePictures {
  return { side, connection: stack.connection(side), folder: stack.site(side).files?.path(picturesRoot) ?? '' };
}

export interface PictureWriterOptions extends SitePictures {
  readonly seed: number;
  readonly perSecond: number;
  /** Number of the first picture. */
  readonly first: number;
}

/** Writes the file under another name, renames it, and commits the row then. */
export class PictureWriter {
  readonly totals: Totals = emptyTotals();
  readonly #options: PictureWriterOptions;
  readonly #writer: Writer;
  readonly #random: Random;
  readonly #loop: Promise<unknown>;
  #written = 0;
  #stopping = false;

  constructor(options: PictureWriterOptions) {
    this.#options = options;
    this.#writer = new Writer(options.connection, this.totals);
    this.#random = new Random(options.seed);
    this.#loop = this.#run().catch((error: unknown) => error);
  }

  /** Rejects if it failed. */
  async stop(): Promise<Totals> {
    this.#stopping = true;
    const failure = await this.#loop;
    await this.#writer.close();
    if (failure !== undefined) throw failure;
    return this.totals;
  }

  async #run(): Promise<void> {
    while (!this.#stopping && this.totals.rows < most) {
      if (this.#written > 0 && this.#random.chance(0.2)) await this.#change(this.#random.int(0, this.#written - 1));
      else await this.#add();
      await sleep((2 * this.#random.next() * 1000) / this.#options.perSecond);
    }
  }

  async #add(): Promise<void> {
    const id = this.#key(this.#written);
    const picture = await this.#file(id);
    const sql = `INSERT INTO ${table} (image, sha256, id) VALUES (?)`;
    const outcome = await this.#writer.transact(
      async (transaction) => void (await transaction.insert('pictures', sql, [[...picture, id]])),
    );
    if (outcome === 'committed') this.#written += 1;
  }

  async #change(index: number): Promise<void> {
    const id = this.#key(index);
    const picture = await this.#file(id);
    const sql = `UPDATE ${table} SET image = ?, sha256 = ? WHERE id = ?`;
    await this.#writer.transact(async (transaction) => void (await transaction.update('pictures', sql, [...picture, id])));
  }

  #key(index: number): number {
    return 2 * (this.#options.first + index) + keyOffset[this.#options.side];
  }

  /** What the row says of it. */
  async #file(id: number): Promise<readonly [image: string, sha256: string]> {
    const bytes = randomBytes(Math.round(leastBytes * (mostBytes / leastBytes) ** this.#random.next()));
    const image = `${randomUUID()}.jpg`;
    const place = join(this.#options.folder, String(id), image);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(`${place}.draft`, bytes);
    await rename(`${place}.draft`, place);
    return [image, sha256Of(bytes)];
  }
}

export interface Looks {
  readonly looks: number;
  readonly wrong: readonly string[];
}

interface Picture {
  readonly path: string;
  readonly sha256: string;
}

/** Looks for the file of each row as soon as it can read the row, once for each picture. */
export class PictureReader {
  readonly #site: SitePictures;
  readonly #loop: Promise<unknown>;
  readonly #seen = new Set<string>();
  readonly #wrong: string[] = [];
  #stopping = false;

  constructor(site: SitePictures) {
    this.#site = site;
    this.#loop = this.#run().catch((error: unknown) => error);
  }

  /** Rejects if it failed. */
  async stop(): Promise<Looks> {
    this.#stopping = true;
    const failure = await this.#loop;
    if (failure !== undefined) throw failure;
    return { looks: this.#seen.size, wrong: this.#wrong };
  }

  async #run(): Promise<void> {
    const connection = await createConnection(this.#site.connection);
    try {
      while (!this.#stopping) {
        await this.#look(connection);
        await sleep(50);
      }
    } finally {
      connection.destroy();
    }
  }

  /** A row that names another picture by now is looked at no more: what it named may have left. */
  async #look(connection: Connection): Promise<void> {
    for (const picture of (await picturesOf(connection).catch(noTable)).filter(({ path }) => !this.#seen.has(path))) {
      this.#seen.add(picture.path);
      const { wrong } = await compare(picture, this.#site.folder);
      if (wrong === null) continue;
      if ((await picturesOf(connection)).some(({ path }) => path === picture.path)) this.#wrong.push(wrong);
    }
  }
}

/** All that rows name at a side, against its tree. */
export async function comparePictures({ connection: at, folder }: SitePictures) {
  const connection = await createConnection(at);
  try {
    const pictures = await picturesOf(connection);
    const wrong: string[] = [];
    let bytes = 0;
    for (const picture of pictures) {
      const found = await compare(picture, folder);
      bytes += found.bytes;
      if (found.wrong !== null) wrong.push(found.wrong);
    }
    return { pictures: pictures.length, bytes, wrong };
  } finally {
    connection.destroy();
  }
}

async function picturesOf(connection: Connection): Promise<readonly Picture[]> {
  const [rows] = await connection.query<RowDataPacket[]>(`SELECT id, image, sha256 FROM ${table} ORDER BY id`);
  return rows.map(({ id, image, sha256 }) => ({ path: `${String(id)}/${String(image)}`, sha256: String(sha256) }));
}

/** The seed has not created it yet. */
function noTable(error: unknown): readonly Picture[] {
  if ((error as { code?: string }).code === 'ER_NO_SUCH_TABLE' || (error as { code?: string }).code === 'ER_BAD_DB_ERROR') return [];
  throw error;
}

async function compare({ path, sha256 }: Picture, folder: string): Promise<{ readonly bytes: number; readonly wrong: string | null }> {
  const bytes = await readFile(join(folder, path)).catch(() => null);
  if (!bytes) return { bytes: 0, wrong: `${path} is missing` };
  return { bytes: bytes.length, wrong: sha256Of(bytes) === sha256 ? null : `${path} has other bytes` };
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
