/** Online tools, played: one way on MySQL 8.0 towards 9.7, then both ways. The tools themselves: tools.long.test.ts. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type Stack, startStack } from '../../harness/index.js';
import { playBothWays } from './both-ways-suite.js';
import { playOneWay } from './one-way-suite.js';
import { playedGhOst, playedPtOsc } from './play.js';

const tools = [playedGhOst, playedPtOsc];
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

describe('one way', () => {
  playOneWay({ tools, stack: () => stack, from: 'b' });
});

describe('both ways', () => {
  const withNewEndpoints = async (): Promise<Stack> => {
    await stack.newEndpoints();
    return stack;
  };
  playBothWays({ tools, stack: withNewEndpoints });
});
