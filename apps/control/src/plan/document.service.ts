/** Where what is wanted comes from: the text of a document, or the history. And back: the configuration as such a text. */
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { endpointSchema, regionSchema, storedChannelSchema, storedDocument, SyncError } from '@lutra/model';
import { referenceOf } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { maySee } from '../access/person.js';
import { configurationOf } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import { HistoryService } from '../history/history.service.js';
import { LEVEL, REGISTRY } from '../tokens.js';
import { exportText, withoutSealed } from './export-text.js';
import type { Exported } from './export-text.js';
import { subjectOf } from './lutra-document.js';
import type { PlanBody, PlanProblem, Rollback } from './plan.schemas.js';
import type { PlanRequest } from './plan.service.js';
import { readDocument } from './read-document.js';

@Injectable()
export class DocumentService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(HistoryService) private readonly history: HistoryService,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
  ) {}

  /** @throws RefusedError CONFIG_INVALID with line and column of each problem */
  async read({ document, prune, select }: PlanBody): Promise<PlanRequest> {
    return { ...(await this.#parsed(document)), prune, select };
  }

  /** @throws SyncError CONFIG_MISSING; RefusedError CONFIG_INVALID: this version has no such document any more */
  async back({ kind, name, revision, to, secrets = {} }: Rollback): Promise<PlanRequest> {
    if (kind === 'channels' && !maySee(name)) throw new SyncError('CONFIG_MISSING', `there is no history of channels/${name}`);
    const document = (await this.history.find(kind, name, revision))[to];
    const none = { regions: [], endpoints: [], channels: [] };
    if (document === null)
      return { wanted: none, places: {}, prune: false, removed: [subjectOf(kind, name)], select: [subjectOf(kind, name)] };
    const text = JSON.stringify({ version: 1, [kind]: [withSecrets(document, secrets)] });
    return { ...(await this.#parsed(text)), prune: false, select: [subjectOf(kind, name)] };
  }

  async #parsed(text: string): Promise<Pick<PlanRequest, 'wanted' | 'places'>> {
    const { wanted, problems, places } = await readDocument(text);
    if (wanted) return { wanted, places };
    const found = problems.map(({ what, ...place }): PlanProblem => ({
      id: 'document-invalid',
      severity: 'error',
      what,
      fix: null,
      ...place,
    }));
    const named = found.slice(0, 3).map(({ line, column, pointer }) => `line ${line}, column ${column}${pointer ? ` (${pointer})` : ''}`);
    throw new RefusedError('CONFIG_INVALID', `the document cannot be taken, at ${named.join('; ')}`, found);
  }

  /** What the person may see. */
  async export(format: 'yaml' | 'json'): Promise<string> {
    const { regions, endpoints, channels } = configurationOf(await this.registry.snapshot.known());
    const level = this.level.current;
    const exported: Exported = {
      regions: regions.map((region) => {
        const written = storedDocument(regionSchema, region, { what: `region ${region.name}`, level }) as Exported['regions'][number];
        const { tls, sasl } = region.kafka;
        return withoutSealed(written, [
          ...(tls?.key ? [{ path: ['kafka', 'tls'], field: 'key', reference: referenceOf(tls.key) }] : []),
          ...(sasl ? [{ path: ['kafka', 'sasl'], field: 'password', reference: referenceOf(sasl.password) }] : []),
        ]);
      }),
      endpoints: endpoints.map((endpoint) => {
        const written = storedDocument(endpointSchema, endpoint, {
          what: `endpoint ${endpoint.name}`,
          level,
        }) as Exported['endpoints'][number];
        return withoutSealed(written, [{ path: [], field: 'password', reference: referenceOf(endpoint.password) }]);
      }),
      channels: channels
        .filter(({ name }) => maySee(name))
        .map((shown) => {
          const { state, attempt: _, wishes: __, ...channel } = shown;
          const written = storedDocument(storedChannelSchema, channel, {
            what: `channel ${channel.name}`,
            level,
          }) as Exported['channels'][number];
          const pipelines = (written['pipelines'] as readonly Record<string, unknown>[]).map(({ uid: __, ...pipeline }) => pipeline);
          return { ...written, pipelines, state };
        }),
    };
    return exportText(exported, format);
  }
}

/** History blanks secrets: what is given takes their place, what is not is left out, and so stays. References are blanked too. */
function withSecrets(value: unknown, given: Readonly<Record<string, string>>, path = ''): unknown {
  if (Array.isArray(value)) return value.map((part) => withSecrets(part, given, path));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
      const at = path === '' ? key : `${path}.${key}`;
      if (part === '(secret)' && secretFields.has(at)) return given[at] === undefined ? [] : [[key, given[at]]];
      // A uid is not chosen: a pipeline that is there keeps its own, and another one gets a new one.
      return key === 'uid' && path === 'pipelines' ? [] : [[key, withSecrets(part, given, at)]];
    }),
  );
}

const secretFields: ReadonlySet<string> = new Set(['password', 'kafka.sasl.password', 'kafka.tls.key']);
