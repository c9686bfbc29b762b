/** Online tools one way, played on MySQL 8.0 towards 9.7: what each of them does differently. All of it: played.long.test.ts. */
import { afterAll, beforeAll } from 'vitest';
import { keptStack, leaveStack } from '../../accidents/kept-stack.js';
import type { Stack } from '../../harness/index.js';
import { playOneWay } from './one-way-suite.js';
import { playedGhOst, playedPtOsc } from './play.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

const played = { 'gh-ost': ['renamed'], 'pt-osc': ['by name', 'early'] };
playOneWay({
  tools: [playedGhOst, playedPtOsc],
  stack: () => stack,
  from: 'b',
  plays: (tool, test) => played[tool].includes(test),
});
