/** Online tools both ways, played on MySQL 9.7 and 8.0: the trap. All of it: played.long.test.ts. */
import { afterAll } from 'vitest';
import { keptStackBothWays, leaveStack } from '../../accidents/kept-stack.js';
import { playBothWays } from './both-ways-suite.js';
import { playedGhOst } from './play.js';

afterAll(leaveStack);

playBothWays({ tools: [playedGhOst], stack: keptStackBothWays, plays: (_, table) => table === 'first_b' });
