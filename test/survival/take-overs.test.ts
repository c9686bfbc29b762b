import { expect, test } from 'vitest';
import type { Struck } from './injector.js';
import { takeOvers } from './take-overs.js';

const role = (process: string): string[] => [process.slice(0, 1), `${process.slice(0, 1)}-2`];

function kill(pid: number, from: number, to: number): Struck {
  return { fault: { kind: 'kill', party: 'control', whom: 'active', durationMs: 1 }, whom: '', pids: [pid], from, to };
}

test('the time from the kill of the one that works to the next claim of its role', () => {
  const claims = [
    { process: 'c', pid: 1, at: 100 },
    { process: 'l', pid: 9, at: 5000 },
    { process: 'c-2', pid: 2, at: 7000 },
  ];
  expect(takeOvers([kill(1, 1000, 3000)], claims, role)).toEqual([{ of: 'c', ms: 6000, alone: true }]);
  expect(takeOvers([kill(1, 1000, 3000), kill(9, 6000, 6100)], claims, role)).toEqual([
    { of: 'c', ms: 6000, alone: false },
    { of: 'l', ms: null, alone: true },
  ]);
});

test('the kill of a process that stood by, or that was replaced before, or of both, is none', () => {
  const claims = [
    { process: 'c', pid: 1, at: 100 },
    { process: 'c-2', pid: 2, at: 200 },
  ];
  expect(takeOvers([kill(1, 1000, 3000), kill(3, 5000, 6000)], claims, role)).toEqual([]);
  expect(takeOvers([{ ...kill(2, 1000, 3000), pids: [1, 2] }], claims, role)).toEqual([]);
});
