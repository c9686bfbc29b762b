/**
 * The checks of a start, for an endpoint that is changed while a channel uses it: with a wrong password or port the workers would stop
 * where they worked. Only what the server is reached by is looked at; what it lacked before the change does not bar its way.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ChannelDocument, EndpointDocument } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { refuseOrForce } from '../channels/forced.js';
import type { Forced } from '../channels/forced.js';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { isUnasked, newProblems } from '../configuration/problem.js';
import type { EndpointWrite } from '../http/schemas.js';
import { REGISTRY } from '../tokens.js';
import { EndpointCheckService } from './endpoint-check.service.js';
import { requireSameLogin } from './endpoint.rules.js';

@Injectable()
export class ChangedEndpointService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(EndpointCheckService) private readonly checks: EndpointCheckService,
  ) {}

  /**
   * Resolves with what `force` passes.
   * @param channels as they are going to be, of a plan
   * @throws RefusedError CONFIG_CONFLICT with the whole list; SyncError CONFIG_INVALID: no force changes that
   */
  async require(after: EndpointWrite, force: boolean, channels?: readonly ChannelDocument[]): Promise<readonly Forced[]> {
    const { document: before } = await findDocument(this.registry, 'endpoint', after.name);
    if (after.password === undefined) requireSameLogin(before, after);
    const users = (channels ?? (await listDocuments(this.registry, 'channel'))).filter((channel) => isUsed(channel, after.name));
    if (users.length === 0 || !reachesOtherwise(before, after)) return [];
    const found = await this.checks.checkUsed(after, users);
    const known = found.length === 0 ? [] : await this.checks.checkUsed(before, users);
    // Of tables nobody knows what was wrong with them at a server that is away: who fixes the address or the password brings nothing new.
    const added = newProblems(known, found).filter(({ id }) => !(id.startsWith('table-') && known.some(isUnasked)));
    return refuseOrForce({ what: `endpoint ${after.name}`, users, force }, added);
  }
}

function isUsed({ state, pipelines }: ChannelDocument, endpoint: string): boolean {
  return state !== 'stopped' && pipelines.some(({ source, target }) => source === endpoint || target === endpoint);
}

/** A password may be the same one: only the server can tell. */
function reachesOtherwise(before: EndpointDocument, after: EndpointWrite): boolean {
  const reached = ({ host, port, user, tls, publicKey, serverId }: Omit<EndpointWrite, 'password'>): string =>
    JSON.stringify([host, port, user, tls && { ...tls, mode: tls.mode ?? 'on' }, publicKey, serverId]);
  return after.password !== undefined || reached({ ...before, password: undefined } as EndpointWrite) !== reached(after);
}
