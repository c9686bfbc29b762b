/** What comes before a verification: seeds that are done, restarts that are carried out. */
import type { SeedOrder, VerificationOrder } from '@lutra/model';

export interface AwaitedIo {
  /** Of a pipeline, by its uid. */
  seed(uid: string): Promise<SeedOrder | null>;
  /** As the source's capture says. */
  isSeeded(uid: string, request: string): Promise<boolean>;
  /** Of an endpoint: an order that waits. */
  isRestarting(endpoint: string): Promise<boolean>;
  /** For people. */
  nameOf(uid: string): string;
}

/** Null: nothing has to be waited for. A seed that was cancelled, or whose pipeline is gone, ends the wait. */
export async function waitsFor({ after }: Pick<VerificationOrder, 'after'>, io: AwaitedIo): Promise<string | null> {
  for (const endpoint of after?.restarts ?? []) if (await io.isRestarting(endpoint)) return `the restart of endpoint ${endpoint}`;
  for (const uid of after?.seeds ?? []) {
    const order = await io.seed(uid);
    if (!order || order.state === 'cancelled' || (await io.isSeeded(uid, order.id))) continue;
    return `the seed of pipeline ${io.nameOf(uid)}`;
  }
  return null;
}
