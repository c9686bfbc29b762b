/**
 * The records of the topic, from the checkpoint on → log-applier.ts.
 *
 * A large transaction that meets a conflict was written in part when that comes to light: it is rolled back, read again from its first row,
 * and resolved row by row. The run does not end for it: the next run would read the peers' logs again from what the transaction had seen,
 * which takes as long as the backlog is, for each such transaction.
 *
 * Why the index of recent changes lacks nothing then: it is the same one, of the same tables, and it goes on. It discards only what a
 * committed transaction had seen, and what is read again was not committed: it has seen as much, else Peers.open() opens the log anew.
 */
import type { LoaderRun, Owned } from '../loader-run.js';
import type { Stages } from '../stages.js';
import { withOffers } from './batches.js';
import { LogApplier } from './log-applier.js';

/** Of one Kafka fetch. */
const fetchBytes = 256 * 1024;

/** Until the signal aborts or something fails; or until what is known of the log must be read anew. */
export async function applyLog(run: LoaderRun, stages: Stages, owned: Owned): Promise<void> {
  const log = new LogApplier(run, stages, owned);
  void run.deps.schemas.prefetch?.(`${run.topic}-`);
  for (;;) {
    try {
      await readOn(run, log);
      return await log.applier.drained();
    } catch (thrown) {
      await log.again(thrown);
    }
  }
}

async function readOn(run: LoaderRun, log: LogApplier): Promise<void> {
  const { deps, bus, topic, live, bell, during } = run;
  const { startOffset: offset } = log;
  const ended = new AbortController();
  const signal = AbortSignal.any([run.signal, ended.signal]);
  try {
    const batches = deps.io.kafka.subscribe({ ...bus, topic, offset, maxBytes: fetchBytes, signal, during });
    for await (const batch of withOffers(batches, { live, bell })) if (await log.batch(batch)) return;
  } finally {
    ended.abort();
  }
}
