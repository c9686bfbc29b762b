/**
 * A change by a tool on a table that both sides write, from its begin to what both sides have in the end. That is compared with what was
 * committed on either of them: the trap of online tools loses what one side writes between the two swaps (decision 0034, rule 19).
 */
import { expect, onTestFinished } from 'vitest';
import { otherSide, type Side, type Stack } from '../../harness/index.js';
import type { Application } from './application.js';
import type { OnlineRoom } from './online-room.js';
import type { OnlineTool, RunningChange, Variant } from './online-tool.js';

export interface Scene {
  readonly stack: Stack;
  readonly room: OnlineRoom;
  readonly tool: OnlineTool;
  readonly table: string;
}

type Applications = Readonly<Record<Side, Application>>;

export const adds = 'ADD COLUMN c INT NULL DEFAULT 5, ADD INDEX k (v)';
/** Of no route. */
const asideDatabase = 'online_aside';
export const addsAndDrops = `${adds}, DROP COLUMN w`;

function writers({ room, table }: Scene): Applications {
  const [a, b] = [room.application('a', table), room.application('b', table)];
  onTestFinished(async () => void (await Promise.allSettled([a.stop(), b.stop()])));
  return { a, b };
}

async function goOn({ a, b }: Applications, more?: number): Promise<void> {
  await Promise.all([a.goesOn(more), b.goesOn(more)]);
}

export async function beginAt({ room, tool, table }: Scene, side: Side, alter: string, variant?: Variant): Promise<RunningChange> {
  const running = await tool.begin({ ...room.change(side, table, alter), ...(variant && { variant }) });
  onTestFinished(() => running.end());
  return running;
}

/** The tool on both sides. The loader of the second is away from before the first one swaps until both have swapped. */
export async function toolAtBoth(scene: Scene, first: Side): Promise<readonly string[]> {
  const { stack, room } = scene;
  const [second, applications] = [otherSide(first), writers(scene)];
  await goOn(applications);
  const [one, other] = [await beginAt(scene, first, adds), await beginAt(scene, second, adds)];
  await goOn(applications);
  await stack.loader[second].kill();
  const before = applications[second].commits;
  await one.finish();
  await goOn(applications);
  const gap = applications[second].since(before).size;
  await other.finish();
  await stack.loader[second].restart();
  await goOn(applications);
  await ended(applications);
  expect(gap).toBeGreaterThan(0);
  await room.settle();
  return wrongIn(scene, applications);
}

/** The tool at home alone. The other side holds while its applications write, and makes the change when it is told to. */
export async function runAtTheOther(scene: Scene, variant: Variant = 'usual'): Promise<readonly string[]> {
  const { room } = scene;
  const applications = writers(scene);
  await goOn(applications);
  const running = await beginAt(scene, 'a', addsAndDrops, variant);
  await goOn(applications);
  const before = applications.b.commits;
  await running.finish();
  const hold = await room.holdAt('b', 'online-change');
  await goOn(applications);
  expect(hold).toMatchObject({ ways: ['run', 'done', 'skip'], here: expect.stringMatching(/ADD COLUMN c .*DROP COLUMN w/) });
  expect(applications.b.since(before).size).toBeGreaterThan(0);
  await room.answer('b', hold, 'run');
  await goOn(applications);
  await ended(applications);
  await room.settle();
  return wrongIn(scene, applications);
}

/** It was begun before there was a channel, so that nobody knows what its shadow is. The change is made by hand at the other side. */
export async function begunBefore(scene: Scene, running: RunningChange): Promise<readonly string[]> {
  const { room, table } = scene;
  const applications = writers(scene);
  await goOn(applications);
  await running.finish();
  const hold = await room.holdAt('b', 'entered');
  await goOn(applications);
  expect(hold.ways).toEqual(expect.arrayContaining(['done', 'skip']));
  await room.at('b', `ALTER TABLE ${table} ${adds}`);
  await room.answer('b', hold, 'done');
  await goOn(applications);
  await ended(applications);
  await room.settle();
  return wrongIn(scene, applications);
}

/** What the tool leaves beside the table is put in its place by a person; the table is renamed away, or dropped as drop_swap does. */
export async function swappedByHand(scene: Scene, how: 'renamed' | 'dropped'): Promise<readonly string[]> {
  const { room, tool, table } = scene;
  const shadow = tool.shadowOf(table);
  const application = room.application('a', table);
  onTestFinished(() => application.stop().catch(() => undefined));
  await changeBeside(scene);
  await application.goesOn();
  await application.stop();
  // What was written since the tool ended is not in its shadow: a person sees to that.
  await room.at('a', `REPLACE INTO ${shadow} (id, v, w) SELECT id, v, w FROM ${table}`);
  await room.at('a', `DELETE FROM ${shadow} WHERE id NOT IN (SELECT id FROM ${table})`);
  if (how === 'renamed') await room.at('a', `RENAME TABLE ${table} TO ${tool.oldOf(table)}, ${shadow} TO ${table}`);
  else {
    await room.at('a', `DROP TABLE ${table}; RENAME TABLE ${shadow} TO ${table}`);
    await room.answer('b', await room.holdAt('b', 'online-change', 'DROP TABLE'), 'skip');
  }
  await room.answer('b', await room.holdAt('b', 'online-change', 'RENAME TABLE'), 'run');
  await room.settle();
  return room.wrong(table, [application]);
}

/** A leftover that is dropped, or goes out of the routes, changes nothing at the other side; one that is routed from then on enters. */
export async function leftoverAway(scene: Scene): Promise<readonly string[]> {
  const { room, tool, table } = scene;
  const shadow = tool.shadowOf(table);
  await changeBeside(scene);
  await room.at('a', `DROP TABLE ${shadow}`);
  await changeBeside(scene);
  await room.at('a', `CREATE DATABASE ${asideDatabase}; RENAME TABLE ${shadow} TO ${asideDatabase}.kept`);
  await room.settle();
  await changeBeside(scene);
  await room.at('a', `RENAME TABLE ${shadow} TO ${table}_kept`);
  await room.answer('b', await room.holdAt('b', 'entered'), 'skip');
  await room.settle();
  expect(await room.tables('b', table)).toEqual([table]);
  return room.wrong(table);
}

/** The tool's own shadow, complete, beside the table. */
async function changeBeside(scene: Scene): Promise<void> {
  const running = await beginAt(scene, 'a', adds, 'no-swap');
  await running.finish();
}

/** gh-ost puts the old table back at home: nobody knows the clauses of that, so that a person makes the change elsewhere. */
export async function revert(scene: Scene): Promise<readonly string[]> {
  const { room, table } = scene;
  await (await beginAt(scene, 'a', adds, 'revertible')).finish();
  await room.answer('b', await room.holdAt('b', 'online-change'), 'run');
  await room.settle();
  const applications = writers(scene);
  await goOn(applications);
  await (await beginAt(scene, 'a', '', 'revert')).finish();
  const hold = await room.holdAt('b', 'online-change');
  await goOn(applications);
  expect(hold).toMatchObject({ ways: ['done', 'skip'], here: null });
  await room.at('b', `ALTER TABLE ${table} DROP COLUMN c, DROP INDEX k`);
  await room.answer('b', hold, 'done');
  await goOn(applications);
  await ended(applications);
  await room.settle();
  return wrongIn(scene, applications);
}

async function ended({ a, b }: Applications): Promise<void> {
  await Promise.all([a.stop(), b.stop()]);
}

async function wrongIn({ room, table }: Scene, { a, b }: Applications): Promise<readonly string[]> {
  expect(await room.tables('b', table)).toEqual([table]);
  return room.wrong(table, [a, b]);
}
