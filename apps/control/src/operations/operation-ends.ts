/** Between which two endpoints an operation is. Pure. */
import { SyncError } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import type { OperationWrite } from './operation.schemas.js';

/** @throws SyncError CONFIG_INVALID: it must be said, or cannot be */
export function endsOf(
  channel: Pick<ChannelDocument, 'name' | 'pipelines'>,
  write: OperationWrite,
): { readonly from: string; readonly to: string } {
  const { pipelines, name } = channel;
  const from =
    write.from ??
    one(
      pipelines.map(({ source }) => source),
      `channel ${name} has several sources: say "from"`,
    );
  const to =
    write.to ??
    one(
      pipelines.filter(({ source }) => source === from).map(({ target }) => target),
      `${from} leads to several endpoints: say "to"`,
    );
  if (!pipelines.some(({ source, target }) => source === from && target === to))
    throw new SyncError('CONFIG_INVALID', `channel ${name} has no pipeline ${from} → ${to}`);
  const comesBack = pipelines.some(({ source, target }) => source === to && target === from);
  if (write.kind !== 'drain' && write.kind !== 'failover' && !comesBack && !write.accept.includes('one-way'))
    throw new SyncError(
      'CONFIG_INVALID',
      `nothing flows ${to} → ${from} in channel ${name}: what clients write at ${to} would not come back. Add that pipeline first, or accept "one-way"`,
    );
  if (!write.moveHome) return { from, to };
  if (write.kind === 'drain') throw new SyncError('CONFIG_INVALID', 'a drain moves no home');
  if (write.kind === 'failover')
    throw new SyncError(
      'CONFIG_INVALID',
      `home cannot move while ${from} is lost: what it decided last may be on no other side. Move it with the fail-back`,
    );
  const endpoints = new Set(pipelines.flatMap(({ source, target }) => [source, target]));
  if (endpoints.size > 2)
    throw new SyncError(
      'CONFIG_INVALID',
      `channel ${name} has ${endpoints.size} endpoints, and home moves while it runs between two only: stop the channel for it`,
    );
  return { from, to };
}

function one(names: readonly string[], otherwise: string): string {
  const [first, ...others] = new Set(names);
  if (first !== undefined && others.length === 0) return first;
  throw new SyncError('CONFIG_INVALID', otherwise);
}
