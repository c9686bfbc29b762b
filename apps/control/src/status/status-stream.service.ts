/**
 * The status as server-sent events. However many listen, the status is made once a second, and not at all while nobody listens. A stream
 * ends after a minute: the browser opens it again, and is known anew, so that rights that were taken back end with it.
 */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { isAllowed, toSyncError } from '@lutra/model';
import type { Person } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { asControl, currentPerson } from '../access/person.js';
import type { Response } from '../http/versions.js';
import { LOGGER } from '../tokens.js';
import { momentOf, tell } from './status-change.js';
import type { Moment, Told } from './status-change.js';
import { StatusService } from './status.service.js';

const lookMs = 1_000;
const aliveMs = 5_000;
const lifeMs = 60_000;
/** Who comes later asks for the status from time to time instead. */
const mostStreams = 200;
/** Who does not read that much has gone, or is too slow for a stream. */
const mostUnreadBytes = 8 * 1024 * 1024;

/** Of hundreds of channels that all change, a browser is told as often as its line carries: a megabyte each 4 s. */
const bytesPerMs = 256;

interface Listener {
  readonly person: Person;
  readonly response: Response;
  readonly until: number;
  told: Told | null;
  heardAt: number;
  /** What changes before that is told then. */
  nextAt: number;
}

@Injectable()
export class StatusStreamService implements OnModuleDestroy {
  readonly #listeners = new Set<Listener>();
  #looking = false;
  /** What the others were told last: who comes does not wait for the next look. */
  #latest: Moment | null = null;
  #ended = false;

  constructor(
    @Inject(StatusService) private readonly statuses: StatusService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws HttpException 503: enough listen */
  open(response: Response): void {
    if (this.#ended || this.#listeners.size >= mostStreams)
      throw new HttpException('enough browsers follow the status of this control', 503);
    const listener = { person: currentPerson(), response, until: Date.now() + lifeMs, told: null, heardAt: Date.now(), nextAt: 0 };
    this.#listeners.add(listener);
    response.on('close', () => this.#listeners.delete(listener));
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    response.write('retry: 1000\n\n');
    if (this.#latest) send(listener, this.#latest);
    if (!this.#looking) void asControl(() => this.#look());
  }

  onModuleDestroy(): void {
    this.#ended = true;
    this.#endAll();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#listeners.size > 0) {
      const begun = performance.now();
      try {
        this.#latest = momentOf(await this.statuses.all(() => true));
        for (const listener of this.#listeners) send(listener, this.#latest);
      } catch (error) {
        // A browser that asks for the status is told why.
        this.logger.debug({ code: toSyncError(error).code }, 'the status cannot be told now: its streams end');
        this.#latest = null;
        this.#endAll();
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, lookMs - (performance.now() - begun))));
    }
    this.#looking = false;
    this.#latest = null;
  }

  #endAll(): void {
    for (const { response } of this.#listeners) response.end();
    this.#listeners.clear();
  }
}

function send(listener: Listener, moment: Moment): void {
  const { person, response, until, told, heardAt } = listener;
  const now = Date.now();
  if (now > until || response.writableLength > mostUnreadBytes) {
    response.end();
    return;
  }
  if (now < listener.nextAt) return;
  const next = tell(moment, told, (channel) => isAllowed(person, 'channel.read', channel));
  listener.told = next.told;
  if (!next.event && now < heardAt + aliveMs) return;
  listener.heardAt = now;
  listener.nextAt = now + (next.event?.data.length ?? 0) / bytesPerMs;
  response.write(next.event ? `event: ${next.event.event}\ndata: ${next.event.data}\n\n` : 'event: alive\ndata: \n\n');
}
