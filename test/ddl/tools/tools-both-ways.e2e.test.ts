/** Online tools both ways, played on MySQL 9.7 and 8.0: the trap, and the answer "run". All of it: played.long.test.ts. */
import { afterAll } from 'vitest';
import { keptStackBothWays, leaveStack } from '../../accidents/kept-stack.js';
import { playBothWays } from './both-ways-suite.js';
import { playedGhOst, playedPtOsc } from './play.js';

afterAll(leaveStack);

const played = { 'gh-ost': ['first_b'], 'pt-osc': ['runs'] };
playBothWays({ tools: [playedGhOst, playedPtOsc], stack: keptStackBothWays, plays: (tool, table) => played[tool].includes(table) });
