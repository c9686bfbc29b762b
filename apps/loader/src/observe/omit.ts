/** Notes an omission of a pipeline, before it takes effect: a run that ended instead could not begin anew while ZooKeeper is away. */
import { toSyncError } from '@lutra/model';
import type { NewOmission, OmissionStore } from '@lutra/registry';
import { sleep } from '@lutra/runtime';
import type { During } from '@lutra/runtime';

const retryMs = 1_000;

interface Omitting {
  readonly omissions: Pick<OmissionStore, 'add'>;
  readonly uid: string;
  readonly during: During;
  readonly signal: AbortSignal;
}

/** `what`: for people, while it waits. */
export async function omit({ omissions, uid, during, signal }: Omitting, omission: NewOmission, what: string): Promise<void> {
  await during(`ZooKeeper, to note that ${what}`, async () => {
    for (;;) {
      try {
        return await omissions.add(`pipeline@${uid}`, [omission]);
      } catch (error) {
        if (toSyncError(error).code !== 'ZOOKEEPER_UNAVAILABLE') throw error;
        await sleep(retryMs, signal);
      }
    }
  });
}
