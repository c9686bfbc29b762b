/**
 * Two pipelines and an application at a few paths, in random order, killed at random calls: at each moment a path holds what a list of
 * layers says, of which a take-back removes one, wherever it is.
 */
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PlacedFile } from '@lutra/files';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../../../../test/harness/random.js';
import { identityOf, isSame } from './disk.js';
import { a, b, call, file, Killed, remove, request, sha256, StoppingDisk, TestRoot } from './place.fixture.js';
import type { RootPlaces } from './root-places.js';

const paths = ['p', 'q', 'x/p', 'x/y/p', 'x/y/q', 'z/p'];
const contents = ['one', 'two', 'three', ''];

/** What is at a path, above what was there before; null: nothing. */
interface Layer {
  readonly by: string;
  readonly bytes: string | null;
}

class World {
  readonly root = new TestRoot();
  readonly #layers = new Map<string, readonly Layer[]>();
  readonly #placed = new Map<string, PlacedFile>();
  readonly #open = { [a]: [] as number[], [b]: [] as number[] };
  readonly #random: Random;
  #n = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Opens, does it, and again if it was killed: what was begun is ended. */
  async #run<T>(work: (places: RootPlaces) => Promise<T>, instead = work): Promise<T> {
    const isKilled = this.#random.chance(0.5);
    const disk = new StoppingDisk(isKilled ? this.#random.int(0, 40) : Infinity);
    try {
      const places = await this.root.open({ disk: disk.disk });
      const result = await work(places);
      await places.close();
      return result;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    } finally {
      await disk.close();
    }
    const places = await this.root.open();
    const result = await instead(places);
    await places.close();
    return result;
  }

  #add(path: string, layer: Layer): void {
    this.#layers.set(path, [...(this.#layers.get(path) ?? []), layer]);
  }

  #visible(path: string): string | null {
    return this.#layers.get(path)?.at(-1)?.bytes ?? null;
  }

  #some<T>(items: readonly T[]): readonly T[] {
    return items.filter(() => this.#random.chance(0.4));
  }

  async place(): Promise<void> {
    const pipeline = this.#random.pick([a, b]);
    const n = (this.#n += 1);
    const files = this.#some(paths).map((path) => file(path, this.#random.pick(contents)));
    const bytesOf = (hash: string): string => contents.find((bytes) => sha256(bytes) === hash)!;
    for (const { sha256: hash } of files) if (this.#random.chance(0.95)) this.root.stage(bytesOf(hash));
    const staged = new Set(this.root.own('stage'));
    const wanted = request({ n, pipeline, files });
    const takeBack = this.#random.chance(0.5);
    const answer = await this.#run(
      async (places) => await places.place(wanted),
      async (places) => (takeBack ? await places.unplace(call(n, pipeline)).then(() => null) : await places.place(wanted)),
    );
    if (answer === null) return;
    for (const path of answer.notStaged) {
      const { sha256: hash } = files.find((one) => one.path === path)!;
      expect([staged.has(hash), this.#visible(path) === bytesOf(hash)]).toEqual([false, false]);
    }
    if (answer.notStaged.length > 0) return;
    this.#open[pipeline]!.push(n);
    for (const placed of answer.placed) {
      this.#placed.set(placed.path, placed);
      this.#add(placed.path, { by: `${pipeline} ${n}`, bytes: bytesOf(placed.sha256) });
      expect(isSame(placed, this.#identityAt(placed.path))).toBe(true);
    }
  }

  async unplace(): Promise<void> {
    const pipeline = this.#random.pick([a, b]);
    const n = this.#open[pipeline]!.pop();
    if (n === undefined) return;
    await this.#run(async (places) => await places.unplace(call(n, pipeline)));
    for (const [path, layers] of this.#layers) {
      this.#layers.set(
        path,
        layers.filter(({ by }) => by !== `${pipeline} ${n}`),
      );
    }
  }

  async settle(): Promise<void> {
    const pipeline = this.#random.pick([a, b]);
    const [n] = this.#open[pipeline]!.splice(0, this.#random.int(0, 3)).slice(-1);
    if (n !== undefined) await this.#run(async (places) => await places.settle(call(n, pipeline)));
  }

  async delete(): Promise<void> {
    const path = this.#random.pick(paths);
    const placed = this.#placed.get(path);
    if (!placed) return;
    const pipeline = this.#random.pick([a, b]);
    const there = this.#identityAt(path);
    const isNamed = Object.entries(this.#open).some(([by, all]) =>
      all.some((n) => this.#layers.get(path)?.some((layer) => layer.by === `${by} ${n}`)),
    );
    const expected = isNamed ? ['busy'] : there === null ? ['gone'] : isSame(there, placed) ? ['deleted', 'gone'] : ['changed'];
    const outcome = await this.#run(async (places) => await remove(places, { ...call(0, pipeline), path, placed, way: 'trash' }));
    expect(expected).toContain(outcome);
    if (expected.includes('deleted')) this.#add(path, { by: 'deletion', bytes: null });
  }

  application(): void {
    const path = this.#random.pick(paths);
    const whole = join(this.root.path, path);
    const bytes = this.#random.chance(0.3) ? null : `of an application ${this.#random.next()}`;
    this.#add(path, { by: 'application', bytes });
    if (bytes === null) {
      rmSync(whole, { force: true });
      return;
    }
    mkdirSync(dirname(whole), { recursive: true });
    const isInPlace = this.#random.chance(0.5);
    writeFileSync(isInPlace ? whole : `${whole}.new`, bytes);
    if (!isInPlace) renameSync(`${whole}.new`, whole);
  }

  #identityAt(path: string): ReturnType<typeof identityOf> | null {
    const stats = lstatSync(join(this.root.path, path), { bigint: true, throwIfNoEntry: false });
    return stats ? identityOf(stats) : null;
  }

  check(): void {
    const expected = paths.flatMap((path) => (this.#visible(path) === null ? [] : [[path, this.#visible(path)]]));
    expect(this.root.files()).toEqual(Object.fromEntries(expected));
    for (const folder of ['stage', 'trash']) {
      for (const name of this.root.own(folder).filter((each) => !each.startsWith('in-'))) {
        expect(sha256(readFileSync(join(this.root.path, '.lutra', folder, name), 'utf8'))).toBe(name);
      }
    }
  }

  async end(): Promise<void> {
    const places = await this.root.open();
    for (const pipeline of [a, b]) {
      expect((await places.fence(call(0, pipeline, 2))).open).toEqual(this.#open[pipeline]);
      await places.settle(call(this.#n, pipeline, 2));
    }
    await places.purge(Date.now());
    await places.close();
    this.check();
    expect(this.root.own('undo').flatMap((name) => this.root.own(`undo/${name}`))).toEqual([]);
    expect(this.root.own('trash').filter((name) => name.startsWith('in-'))).toEqual([]);
  }
}

const worlds: World[] = [];
afterAll(() => worlds.forEach(({ root }) => root.remove()));

async function holds(seed: number): Promise<void> {
  const random = new Random(seed);
  const world = new World(random);
  worlds.push(world);
  for (let step = 0; step < 60; step += 1) {
    const what = random.next();
    if (what < 0.4) await world.place();
    else if (what < 0.6) await world.unplace();
    else if (what < 0.75) await world.settle();
    else if (what < 0.87) await world.delete();
    else world.application();
    world.check();
  }
  await world.end();
}

test.each(Array.from({ length: 12 }, (_, seed) => seed))('seed %i: each path holds what it must', async (seed) => await holds(seed));
