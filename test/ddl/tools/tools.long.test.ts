/** gh-ost and pt-online-schema-change themselves, on MySQL 9.7: one way, then both ways. */
import { afterAll, beforeAll, describe } from 'vitest';
import { type Stack, startStack } from '../../harness/index.js';
import { ghOst, ptOnlineSchemaChange } from '../../servers/online-tools.js';
import { playBothWays } from './both-ways-suite.js';
import { playOneWay } from './one-way-suite.js';
import { realGhOst, realPtOsc } from './real.js';

const tools = [realGhOst, realPtOsc];
let stack: Stack;
beforeAll(async () => {
  await ghOst(console.log);
  await ptOnlineSchemaChange(console.log);
  stack = await startStack({ mysql: '9.7' });
}, 900_000);
afterAll(() => stack?.stop(), 60_000);

describe('one way', () => {
  playOneWay({ tools, stack: () => stack, from: 'a' });
});

describe('both ways', () => {
  const withNewEndpoints = async (): Promise<Stack> => {
    await stack.newEndpoints();
    return stack;
  };
  playBothWays({ tools, stack: withNewEndpoints });
});
