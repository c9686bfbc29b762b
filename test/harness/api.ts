/** The REST API of control, as its users have it: JSON over HTTP with a bearer token. */
import type { ChannelDocument, EndpointInput, ErrorReport, Position, RegionInput, Suspension, WorkState, WorkStatus } from '@lutra/model';
import type { z } from 'zod';
import type { channelInputSchema, endpointInputSchema, regionInputSchema } from '@lutra/model';

export interface Problem {
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly what: string;
  readonly fix: string | null;
}

export interface EndStatus {
  readonly endpoint: string;
  readonly state: WorkState | 'absent';
  readonly reason: string | null;
  readonly worker: WorkStatus | null;
  readonly standbys: readonly string[];
}

export interface PipelineStatus {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
  readonly state: WorkState | 'absent';
  readonly reason: string | null;
  readonly routes: 'in force' | 'pending';
  readonly routesReason: string | null;
  readonly lagMs: number | null;
  readonly position: Position | null;
  readonly rowsPerSecond: number;
  readonly rows: number;
  readonly transactions: number;
  readonly suspended: readonly Suspension[];
  readonly lastError: ErrorReport | null;
  /** Capture. */
  readonly source: EndStatus;
  /** Loader. */
  readonly target: EndStatus;
}

export interface ChannelStatus {
  readonly name: string;
  readonly desired: string;
  readonly state: WorkState | 'absent';
  readonly routes: 'in force' | 'pending';
  readonly pipelines: readonly PipelineStatus[];
}

export type ChannelAction = 'start' | 'pause' | 'stop' | 'retry';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: unknown;

  constructor(what: string, status: number, body: unknown) {
    super(`${what}: HTTP ${status} ${JSON.stringify(body).slice(0, 4000)}`);
    this.status = status;
    this.body = body;
  }
}

export class Api {
  readonly #url: () => string;
  readonly #token: string;

  constructor(url: () => string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** @throws ApiError for any answer but 2xx */
  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.#url()}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const answer: unknown = text === '' ? null : response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
    if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, answer);
    return answer as T;
  }

  createRegion(region: z.input<typeof regionInputSchema>): Promise<RegionInput> {
    return this.request('POST', '/api/v1/regions', region);
  }

  createEndpoint(endpoint: z.input<typeof endpointInputSchema>): Promise<EndpointInput> {
    return this.request('POST', '/api/v1/endpoints', endpoint);
  }

  checkEndpoint(name: string): Promise<{ readonly ok: boolean; readonly problems: readonly Problem[] }> {
    return this.request('POST', `/api/v1/endpoints/${name}/check`);
  }

  createChannel(channel: z.input<typeof channelInputSchema>): Promise<ChannelDocument> {
    return this.request('POST', '/api/v1/channels', channel);
  }

  /** `start` is refused with the list of problems while a server lacks something. */
  channelAction(name: string, action: ChannelAction): Promise<{ readonly problems: readonly Problem[] }> {
    return this.request('POST', `/api/v1/channels/${name}/${action}`);
  }

  channelStatus(name: string): Promise<ChannelStatus> {
    return this.request('GET', `/api/v1/channels/${name}/status`);
  }
}
