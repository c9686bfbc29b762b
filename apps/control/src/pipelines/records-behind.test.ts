import { expect, it } from 'vitest';
import { recordsBehind } from './records-behind.js';
import type { LoaderPosition } from './records-behind.js';

const checkpoint = { logId: 'log', epoch: 7, nextOffset: 40 };
const loader: LoaderPosition = { state: 'running', log: 'log', epoch: 7, offset: 100 };

it('a loader that has handled all is not behind, though the checkpoint lies before what was for others', () => {
  expect(recordsBehind(100, checkpoint, [loader])).toBe(0);
  expect(recordsBehind(103, checkpoint, [loader])).toBe(3);
  expect(recordsBehind(100, { ...checkpoint, logId: '', nextOffset: 0 }, [loader]), 'nothing was for it yet').toBe(0);
});

it('the checkpoint counts where no loader speaks of the same position', () => {
  expect(recordsBehind(100, checkpoint, [])).toBe(60);
  const strangers: readonly LoaderPosition[] = [
    { ...loader, state: 'failed' },
    { ...loader, log: 'another' },
    { ...loader, epoch: 6 }, // what a loader said before the pipeline was rewound
    { ...loader, offset: null },
  ];
  for (const stranger of strangers) expect(recordsBehind(100, checkpoint, [stranger])).toBe(60);
});

it('a checkpoint that is newer than the status counts', () => {
  expect(recordsBehind(100, { ...checkpoint, nextOffset: 100 }, [{ ...loader, offset: 90 }])).toBe(0);
});
