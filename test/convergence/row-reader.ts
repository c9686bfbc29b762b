/**
 * Looks at all rows of a site over and over, as an application would, and notes where one went back:
 *
 * - to an older write of a writer than one of his that was seen there before. At home that must never happen: the order there is final.
 *   Elsewhere it may, but only away from a write that home decided against, so it must be in home's conflicts; `writer-order.ts` judges
 *   when all is quiet;
 * - under policy `home`, to a version that knows fewer of home's writes (`turns`) while the row lives (`born`): never, anywhere. Whatever
 *   takes a row back to what another region made without seeing home's write would show here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { homeWins } from '@lutra/model';
import { clashDatabase } from './clash.js';
import type { Shape } from './shapes.js';
import type { Site } from './site.js';
import { isLater, writerOf } from './stamp.js';

export interface WentBack {
  readonly site: string;
  readonly table: string;
  readonly identity: string;
  /** Stamps. */
  readonly from: string;
  readonly to: string;
  readonly why: 'writer' | 'home';
}

interface Seen {
  born: string;
  turns: number;
  stamp: string;
  /** Writer → his last stamp on this row. */
  readonly last: Map<string, string>;
}

const pauseMs = 15;
const stopBoundMs = 30_000;

export class RowReader {
  readonly wentBack: WentBack[] = [];
  reads = 0;
  readonly #site: Site;
  readonly #shapes: readonly Shape[];
  readonly #seen = new Map<string, Seen>();
  readonly #loop: Promise<void>;
  #stopping = false;
  #connection: Connection | undefined;

  constructor(site: Site, shapes: readonly Shape[]) {
    this.#site = site;
    this.#shapes = shapes;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const bound = setTimeout(() => this.#connection?.destroy(), stopBoundMs);
    await this.#loop;
    clearTimeout(bound);
  }

  async #run(): Promise<void> {
    for (let at = 0; !this.#stopping; at++) {
      const shape = this.#shapes[at % this.#shapes.length] as Shape;
      try {
        this.#connection ??= await this.#open();
        const columns = [...Object.keys(shape.key), 'stamp', 'born', 'turns'];
        const [rows] = await this.#connection.query<RowDataPacket[]>(`SELECT ${columns.join(', ')} FROM ${shape.name}`);
        this.reads += 1;
        for (const row of rows) this.#look(shape, row);
      } catch {
        this.#connection?.destroy(); // the server is down for a while
        this.#connection = undefined;
      }
      await sleep(pauseMs);
    }
    this.#connection?.destroy();
  }

  #look(shape: Shape, row: RowDataPacket): void {
    const identity = shape.identity(Object.keys(shape.key).map((column) => String(row[column])));
    const id = `${shape.name}|${identity}`;
    const [stamp, born, turns] = [row['stamp'] as string, row['born'] as string, Number(row['turns'])];
    const seen = this.#seen.get(id) ?? { born, turns, stamp, last: new Map<string, string>() };
    this.#seen.set(id, seen);
    const note = (from: string, why: WentBack['why']): void => {
      this.wentBack.push({ site: this.#site.letter, table: shape.name, identity, from, to: stamp, why });
    };
    if (homeWins(shape.rule) && seen.born === born && turns < seen.turns) note(seen.stamp, 'home');
    const writer = writerOf(stamp);
    const last = seen.last.get(writer);
    if (last !== undefined && isLater(last, stamp)) note(last, 'writer');
    seen.last.set(writer, stamp);
    Object.assign(seen, { born, turns, stamp });
  }

  async #open(): Promise<Connection> {
    const connection = await createConnection({ connectTimeout: 5000, ...this.#site.connection, database: clashDatabase });
    connection.on('error', () => undefined);
    return connection;
  }
}
