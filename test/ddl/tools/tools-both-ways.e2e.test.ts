/** Online tools both ways, played on MySQL 9.7 and 8.0. The tools themselves: tools.long.test.ts. */
import { afterAll } from 'vitest';
import { keptStackBothWays, leaveStack } from '../../accidents/kept-stack.js';
import { playBothWays } from './both-ways-suite.js';
import { playedGhOst, playedPtOsc } from './play.js';

afterAll(leaveStack);

playBothWays({ tools: [playedGhOst, playedPtOsc], stack: keptStackBothWays });
