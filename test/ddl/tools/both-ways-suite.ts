/** Online tools on tables that both sides write: see both-ways-scenarios.ts. Each test has a table of its own; one channel does for all. */
import { beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { sides, type Stack } from '../../harness/index.js';
import * as play from './both-ways-scenarios.js';
import { OnlineRoom } from './online-room.js';
import type { OnlineTool, RunningChange } from './online-tool.js';

export interface BothWaysSuite {
  readonly tools: readonly OnlineTool[];
  /** With endpoints that no channel has used. */
  readonly stack: () => Promise<Stack>;
  /** By the name of the test's table. Without it all are played. */
  readonly plays?: (tool: OnlineTool['name'], table: string) => boolean;
}

interface Test {
  readonly name: string;
  readonly of: readonly OnlineTool['name'][];
  readonly play: (scene: play.Scene, early: RunningChange | undefined) => Promise<readonly string[]>;
}

const both = ['gh-ost', 'pt-osc'] as const;
const testMs = 240_000;
const early = 'early';

/** By the name of the table. */
const tests: Readonly<Record<string, Test>> = {
  [early]: {
    name: 'began before the channel: its table enters at the other side, and is made alike by hand there',
    of: both,
    play: (scene, running) => play.begunBefore(scene, running!),
  },
  ...Object.fromEntries(
    sides.map((side) => [
      `first_${side}`,
      {
        name: `at both sides, ${side} first, while the other loader is away: no row of the gap between the swaps is lost`,
        of: both,
        play: (scene: play.Scene) => play.toolAtBoth(scene, side),
      },
    ]),
  ),
  runs: {
    name: 'at home alone: the other side holds, and "run" makes the change there',
    of: both,
    play: (scene) => play.runAtTheOther(scene),
  },
  steps: { name: 'with a cut-over in two steps', of: ['gh-ost'], play: (scene) => play.runAtTheOther(scene, 'two-step') },
  reverted: { name: 'that puts the old table back', of: ['gh-ost'], play: (scene) => play.revert(scene) },
  renamed: { name: 'whose shadow is swapped by hand', of: ['pt-osc'], play: (scene) => play.swappedByHand(scene, 'renamed') },
  dropped: {
    name: 'whose shadow comes in the place of a table that was dropped',
    of: ['pt-osc'],
    play: (scene) => play.swappedByHand(scene, 'dropped'),
  },
  away: { name: 'whose shadow ends elsewhere', of: ['pt-osc'], play: (scene) => play.leftoverAway(scene) },
};

export function playBothWays({ tools, stack: open, plays = () => true }: BothWaysSuite): void {
  const ownOf = ({ name }: OnlineTool): readonly (readonly [string, Test])[] =>
    Object.entries(tests).filter(([table, { of }]) => of.includes(name) && plays(name, table));
  let stack: Stack;
  let room: OnlineRoom;
  const begun = new Map<OnlineTool, RunningChange>();
  /** What a test that fails leaves is no ground for the next one. */
  let left = true;
  beforeAll(async () => {
    stack = await open();
    const played = tools.flatMap((tool) => ownOf(tool).map(([table]) => tableOf(table, tool.name)));
    room = await OnlineRoom.prepare(stack, played);
    for (const tool of tools.filter(({ name }) => plays(name, early)))
      begun.set(tool, await tool.begin(room.change('a', tableOf(early, tool.name), play.adds)));
    await room.connect();
    return async () => void (await Promise.all(Array.from(begun.values(), (running) => running.end())));
  }, 300_000);

  describe.each(tools)('$name', (tool) => {
    it.each(ownOf(tool).map(([table, test]) => ({ ...test, table })))('$name', { timeout: testMs }, async ({ table, play: run }) => {
      if (!left) throw new Error('an earlier test has not left the channel as it should');
      left = false;
      onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
      expect(await run({ stack, room, tool, table: tableOf(table, tool.name) }, begun.get(tool))).toEqual([]);
      left = true;
    });
  });
}

function tableOf(name: string, tool: OnlineTool['name']): string {
  return `${name}_${tool.replace('-', '')}`;
}
