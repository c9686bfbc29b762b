/** What is written with a channel's document, whoever writes it: what is wanted, the uids of its pipelines, what is kept beside them. */
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { wishesFor } from '@lutra/model';
import type { ChannelDocument, ChannelInput, DesiredState, StoredChannel, Wishes } from '@lutra/model';
import type { Author, Operation, Registry, Snapshot } from '@lutra/registry';
import { LEVEL, REGISTRY } from '../tokens.js';
import { RemovedTablesService } from './removed-tables.service.js';
import { adoptedBy, removedFrom, UidService } from './uid.service.js';
import type { Removal } from './uid.service.js';

/** The state that the write is made from, and who makes it. */
export interface Writing {
  readonly snapshot: Snapshot;
  readonly author: Author;
}

type Operations = Promise<readonly (Operation | null)[]>;

@Injectable()
export class ChannelOperationsService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(RemovedTablesService) private readonly removedTables: RemovedTablesService,
    @Inject(UidService) private readonly uids: UidService,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
  ) {}

  async creating(after: StoredChannel, input: ChannelInput, { writing, state }: { writing: Writing; state: DesiredState }): Operations {
    const revision = nextNumber(writing.snapshot);
    return [this.wanting(after.name, { state, attempt: 0 }, writing), ...(await this.uids.keeping(after, adoptedBy(input), revision))];
  }

  /** @param state null: what is wanted stays, and must be what it was */
  async replacing(
    change: { readonly before: ChannelDocument; readonly after: StoredChannel; readonly input: ChannelInput },
    { writing, state }: { readonly writing: Writing; readonly state: DesiredState | null },
  ): Operations {
    const { before, after, input } = change;
    const desired = writing.snapshot.desired.get(after.name);
    const revision = nextNumber(writing.snapshot);
    const wishes = wishesFor(after.pipelines, before.wishes);
    const stays = state === null && desired && isDeepStrictEqual(wishes, before.wishes ?? {});
    const wanted = { state: state ?? (desired ? before.state : 'stopped'), attempt: before.attempt };
    return [
      stays
        ? this.registry.configuration.desiredCheck(after.name, desired.version)
        : this.wanting(after.name, wanted, { ...writing, wishes }),
      ...(await this.uids.removing(removedFrom(before, after.pipelines), revision)),
      ...(await this.uids.keeping(after, adoptedBy(input), revision)),
      ...(await this.removedTables.remembering(before, input)),
    ];
  }

  async removing(name: string, removals: readonly Removal[], { snapshot }: Pick<Writing, 'snapshot'>): Operations {
    const desired = snapshot.desired.get(name);
    return [
      desired ? this.registry.configuration.desiredOperation(name, desired.version, null) : null,
      ...(await this.uids.removing(removals, nextNumber(snapshot))),
      await this.registry.omissions.removing(`channel@${name}`),
      await this.registry.verifications.removing(name),
      await this.registry.verificationResults.removing(name),
    ];
  }

  /** @param writing `wishes` of its pipelines: left out, they stay */
  wanting(
    name: string,
    { state, attempt }: Pick<ChannelDocument, 'state' | 'attempt'>,
    { snapshot, author, wishes }: Writing & { readonly wishes?: Wishes },
  ): Operation {
    const known = snapshot.desired.get(name);
    const { pipelines, attempts, suspended } = wishes ?? known?.document ?? {};
    const of = Object.fromEntries(Object.entries({ pipelines, attempts, suspended }).filter(([, said]) => said !== undefined));
    const why = author.reason !== '' && this.level.current >= 5 ? { reason: author.reason } : {};
    const desired = { ...of, state, attempt, ...why, by: author.by, at: Date.now() };
    return this.registry.configuration.desiredOperation(name, known?.version ?? null, desired);
  }
}

/** The revision that a write on this snapshot makes. */
function nextNumber({ revision }: Snapshot): number {
  return (revision?.revision ?? 0) + 1;
}
