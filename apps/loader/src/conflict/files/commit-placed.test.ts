import { SyncError } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import { expect, it } from 'vitest';
import type { Placing } from '../../files/commit-files.js';
import { commitPlaced } from './commit-placed.js';

const placing: Placing = { n: 1, sql: [] };
const brought = { comes: [], leaves: [] };

async function endedBy(code: ErrorCode, broken = false): Promise<readonly string[]> {
  const steps: string[] = [];
  const connection = {
    broken,
    run: async () => undefined,
    commit: async () => Promise.reject(new SyncError(code, 'COMMIT')),
    rollback: async () => void steps.push('rolled back'),
  };
  const files = {
    place: async () => placing,
    committed: () => void steps.push('committed'),
    takeBack: async () => void steps.push('taken back'),
  };
  await expect(commitPlaced({ connection: connection as never, files, brought })).rejects.toMatchObject({ code });
  return steps;
}

it('takes back what was refused, and nothing where nobody knows whether it was committed', async () => {
  expect(await endedBy('ROW_CONFLICT')).toEqual(['rolled back', 'taken back']);
  for (const code of ['TARGET_UNAVAILABLE', 'ABORTED', 'INTERNAL'] as const) expect(await endedBy(code), code).toEqual([]);
  expect(await endedBy('ROW_CONFLICT', true)).toEqual([]);
});
