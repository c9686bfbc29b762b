/**
 * Follow a promotion: the endpoint's server is one of its standbys from now on. Lutra promotes nobody. The log goes on under its id, from
 * the GTID set where it stands, so the standby must have all of that set, and must not have purged what follows. Captures and loaders
 * connect anew; the checkpoint rows of a target are in its data, so they are lost only together with what they say.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError, toSyncError } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import { checkStart } from '@lutra/binlog';
import { loginOf } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import type { EndpointWrite } from '../http/schemas.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { ChangedEndpointService } from './changed-endpoint.service.js';
import { EndpointService } from './endpoint.service.js';
import type { FollowAnswer, FollowWrite } from './recovery.schemas.js';

@Injectable()
export class EndpointFollowService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(EndpointService) private readonly endpoints: EndpointService,
    @Inject(ChangedEndpointService) private readonly changed: ChangedEndpointService,
  ) {}

  /** @throws SyncError CONFIG_INVALID: no standby, or no GTIDs; RefusedError CONFIG_CONFLICT with what is in the way, unless accepted */
  async follow(name: string, { to, reason, accept }: FollowWrite): Promise<FollowAnswer> {
    const { document, version } = await findDocument(this.registry, 'endpoint', name);
    const after = following(document, to);
    const { password: _, ...rest } = after;
    const input: EndpointWrite = { ...rest, passwordSet: true };
    const consequences = await this.#positionProblems(after);
    if (errorsOf(consequences).length > 0 && !accept)
      throw new RefusedError('CONFIG_CONFLICT', `endpoint ${name} cannot follow to ${to.host}:${to.port} yet`, consequences);
    const forced = await this.changed.require(input, accept);
    const written = await this.endpoints.replace(input, { ifMatch: version, forced });
    this.logger.warn({ endpoint: name, from: `${document.host}:${document.port}`, to, reason }, 'the endpoint follows to another server');
    const { host, port, standbys = [] } = written.document;
    return { endpoint: name, host, port, standbys: [...standbys], consequences: [...consequences] };
  }

  /** Where the log stands, at the new server. Without GTIDs positions of two servers do not compare. */
  async #positionProblems(after: EndpointDocument): Promise<readonly Problem[]> {
    if (!(await this.#isSource(after.name))) return [];
    const log = (await this.registry.logs.read(after.name))?.document.position ?? null;
    if (!log) return [];
    const where = `${after.host}:${after.port}`;
    if (log.gtidSet === null)
      throw new SyncError(
        'CONFIG_INVALID',
        `the log of endpoint ${after.name} has no GTIDs: a position in files of one server says nothing of another one. Restart the endpoint there instead`,
      );
    try {
      await checkStart(loginOf(this.key, after), () => log);
      return [];
    } catch (thrown) {
      const { code, message, help } = toSyncError(thrown);
      const what = `${where}: ${code}: ${message}`;
      return [{ id: 'follow-position', severity: 'error', what, fix: fixes[code] ?? help }];
    }
  }

  async #isSource(name: string): Promise<boolean> {
    const channels = await listDocuments(this.registry, 'channel');
    return channels.some(({ pipelines }) => pipelines.some(({ source }) => source === name));
  }
}

const fixes: Readonly<Record<string, string>> = {
  SOURCE_BEHIND:
    'Wait until it has all that the old server had published. Or accept: targets have transactions that it lacks, so verify the channel afterwards. Capture stops until the position is given anew (restart).',
  SOURCE_PURGED: 'It no longer has what follows the position of the log: choose another standby, or restart the endpoint there and verify.',
};

/** The old server is a standby from now on. @throws SyncError CONFIG_INVALID */
export function following(endpoint: EndpointDocument, to: { readonly host: string; readonly port: number }): EndpointDocument {
  const { name, host, port, standbys = [] } = endpoint;
  const isTo = (server: { readonly host: string; readonly port: number }): boolean => server.host === to.host && server.port === to.port;
  if (isTo(endpoint)) throw new SyncError('CONFIG_INVALID', `endpoint ${name} is at ${host}:${port} already`);
  if (!standbys.some(isTo)) {
    const known = standbys.map((server) => `${server.host}:${server.port}`).join(', ') || 'none';
    throw new SyncError(
      'CONFIG_INVALID',
      `${to.host}:${to.port} is no standby of endpoint ${name} (${known}): add it to "standbys" first, with the password`,
    );
  }
  return { ...endpoint, host: to.host, port: to.port, standbys: [...standbys.filter((server) => !isTo(server)), { host, port }] };
}
