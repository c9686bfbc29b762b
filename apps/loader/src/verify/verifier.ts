/** The verifications of this process: one follower of orders for each channel that is assigned to it. */
import type { FilesService } from '@lutra/files';
import { pipelineName, rowsTopic, toSyncError } from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import { kafkaClient, loginOf } from '@lutra/registry';
import { orAborted, sleep, underLease, WorkerSet } from '@lutra/runtime';
import type { LiveWork } from '@lutra/runtime';
import type { Beside, BesideDeps } from '@lutra/host';
import type { WorkStatus } from '@lutra/model';
import { assignedVerifications } from './assignments.js';
import type { VerifiedPipeline, VerifyWork } from './assignments.js';
import { followOrders } from './channel-verifier.js';
import type { VerifierIo } from './verifier-io.js';
import { heldOf } from './held.js';
import type { CrossingIo, Said } from './crossing.js';
import { searchRoots } from './files/search-roots.js';
import { forgetDifferences, runPass, wayOf } from './pass.js';
import { titleOf } from '../ddl/hold.js';
import { waitsFor } from './awaited.js';
import type { AwaitedIo } from './awaited.js';
import { endAllRepairs, runRepair } from './repair/run-repair.js';
import { KafkaTargetLog } from './repair/target-log.js';
import type { TargetLog } from './repair/target-log.js';
import { fileCounts, verdictCounts } from './result.js';
import { filesAppsIo } from '../files/files-io.js';

const retryMs = 5_000;

export class Verifier implements Beside {
  readonly #deps: BesideDeps;
  readonly #workers: WorkerSet<VerifyWork>;
  readonly #files = filesAppsIo();

  constructor(deps: BesideDeps) {
    this.#deps = deps;
    this.#workers = new WorkerSet((channel, work, signal) => this.#work(channel, work, signal));
  }

  follow(documents: Configuration | null, of: { readonly region: string; readonly only: readonly string[] | null }): void {
    this.#workers.reconcile(documents ? assignedVerifications(documents, of) : new Map());
  }

  close(): Promise<void> {
    return this.#workers.close();
  }

  #work(channel: string, live: LiveWork<VerifyWork>, signal: AbortSignal): Promise<void> {
    const { registry } = this.#deps;
    const logger = this.#deps.logger.child({ channel });
    return underLease({
      acquire: (waitSignal) => registry.lease(`verify/${channel}`).acquire(waitSignal),
      onStandby: () => undefined,
      onError: (error) => logger.warn({ code: error.code, err: error }, 'the lease of verifications was not granted; tried again'),
      work: (_, held) => this.#untilAborted(live.take(), held),
      signal,
    });
  }

  async #untilAborted(work: VerifyWork, signal: AbortSignal): Promise<void> {
    const logger = this.#deps.logger.child({ channel: work.channel });
    while (!signal.aborted) {
      try {
        await orAborted(followOrders(this.#ioOf(work, signal), signal), signal);
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toSyncError(thrown);
        logger.warn({ code: error.code, err: error }, 'the verification was interrupted; it goes on behind the last table');
        await sleep(retryMs, signal).catch(() => undefined); // aborted: the loop ends
      }
    }
  }

  #ioOf(work: VerifyWork, signal: AbortSignal): VerifierIo {
    const { registry, secretKey, metrics, events, level } = this.#deps;
    const { channel, pipelines } = work;
    const others = work.roots.flatMap(({ users }) => users.map(({ endpoint }) => endpoint));
    const endpoints = new Map([...others, ...pipelines.flatMap(({ source, target }) => [source, target])].map((each) => [each.name, each]));
    const login = (name: string): ReturnType<typeof loginOf> => loginOf(secretKey, endpoints.get(name)!);
    const [first] = pipelines;
    const ways = pipelines.map((each) => wayOf(work, each));
    const files = (region: string): FilesService => this.#files.service(this.#deps, region);
    const shared = { work, login, files, crossing: this.#crossing(), isRestarting: this.#isRestarting, signal };
    return {
      channel,
      region: first?.target.region ?? '',
      level: () => level.current,
      order: async () => (await registry.verifications.read(channel))?.document ?? null,
      result: async () => (await registry.verificationResults.read(channel))?.document ?? null,
      write: (result) => registry.verificationResults.write(channel, result),
      waitsFor: async (order) => (await waitsFor(order, this.#awaited(work))) ?? heldOf(ways, shared.crossing),
      forget: (request) => forgetDifferences({ work, login, request }),
      pass: (options) => runPass({ ...options, ...shared }),
      searchRoots: (options) => searchRoots({ ...options, work, login, files }),
      repair: (options) => runRepair({ ...options, ...shared, logOf: (pipeline) => this.#logOf(pipeline) }),
      endRepairs: (except) => endAllRepairs({ work, login }, except),
      tell: (event) => first && events.of(first.targetRegion, first.target)(event),
      compared: (rows) => metrics.verifiedRows.inc({ name: channel }, rows),
      comparedFiles: (found) => {
        for (const [outcome, count] of fileCounts(found)) metrics.verifiedFiles.inc({ name: channel, outcome }, count);
      },
      foundOrphans: (count) => metrics.verifiedFiles.inc({ name: channel, outcome: 'orphan' }, count),
      repairedRows: (rows) => metrics.repairedRows.inc({ name: channel }, rows),
      verdicts: (tables) => {
        for (const [verdict, count] of verdictCounts(tables)) metrics.verifiedTables.set({ name: channel, verdict }, count);
      },
    };
  }

  #logOf({ target, targetRegion }: VerifiedPipeline): TargetLog {
    const { secretKey, schemas, logger } = this.#deps;
    const bus = { ...kafkaClient(secretKey, targetRegion), clientId: `lutra-verify-${target.name}`, logger };
    return new KafkaTargetLog({ bus, topic: rowsTopic(target.name), schemas });
  }

  readonly #isRestarting = async (endpoint: string): Promise<boolean> => (await this.#deps.registry.restarts.read(endpoint)) !== null;

  #awaited({ channel, pipelines }: VerifyWork): AwaitedIo {
    const { registry } = this.#deps;
    return {
      isRestarting: this.#isRestarting,
      seed: async (uid) => (await registry.seeds.read(uid))?.document ?? null,
      isSeeded: async (uid, request) =>
        (await registry.status.list()).some(({ seeds = [] }) =>
          seeds.some((seed) => seed.uid === uid && seed.request === request && seed.state === 'done'),
        ),
      nameOf: (uid) => {
        const known = pipelines.find((pipeline) => pipeline.uid === uid);
        return known ? pipelineName(channel, known.name) : uid;
      },
    };
  }

  #crossing(): Omit<CrossingIo, 'end'> {
    const { registry } = this.#deps;
    const said = async (is: (status: WorkStatus) => boolean): Promise<Said | null> => newest((await registry.status.list()).filter(is));
    return {
      published: async (endpoint) => {
        const backup = (await registry.logs.read(endpoint))?.document;
        return backup ? { position: backup.position, server: backup.server ?? null, log: backup.log, seq: backup.seq } : null;
      },
      capture: (endpoint) => said(({ app, name }) => app === 'capture' && name === endpoint),
      loader: (way) => said(({ app, name, uid }) => app === 'loader' && name === way.name && (uid === null || uid === way.uid)),
    };
  }
}

/** Of several processes: the one that works; one that stands by says nothing of the work. */
function newest(statuses: readonly WorkStatus[]): Said | null {
  const working = statuses.filter(({ state }) => state !== 'standby').toSorted((a, b) => b.updatedAt - a.updatedAt);
  const [status] = working;
  if (!status) return null;
  const { state, log, seq, lastError, hold } = status;
  return { state, log, seq, error: lastError?.code ?? null, holdsAt: hold ? `${titleOf(hold)} (${hold.reason})` : null };
}
