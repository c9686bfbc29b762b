/**
 * The status as it changes: a stream of control (the whole first, then the channels that changed), which is closed while nobody looks.
 * Where no stream is to be had (a proxy holds it back), the status is asked for every few seconds. What was known stays, with its time.
 */
import { ApiError } from '@lutra/client';
import type { Answer } from '@lutra/client';
import { createContext, useContext, useEffect, useReducer } from 'react';
import { call, isUnanswered } from './client.js';
import { changed } from './status-change.js';
import type { StatusChange } from './status-change.js';

export type Status = Answer<'GET /api/v1/status'>;

export interface Live {
  /** Undefined: not known yet. */
  readonly status: Status | undefined;
  /** Of what is known, ms since 1970. */
  readonly asOf: number | null;
  readonly away: 'control' | 'zooKeeper' | null;
  /** The status was refused. */
  readonly error: unknown;
}

type Event =
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'change'; readonly change: StatusChange }
  | { readonly kind: 'heard' }
  | { readonly kind: 'failed'; readonly error: unknown };

const unknown: Live = { status: undefined, asOf: null, away: null, error: null };
const pollMs = 3_000;
/** Without a word for so long, a stream is none. */
const silentMs = 15_000;
/** A stream ends each minute; the browser opens it again within that time, if control is there. */
const reopenMs = 3_000;

function next(live: Live, event: Event): Live {
  const known = (status: Status): Live => {
    const isBack = status.zooKeeper === 'connected';
    return { status, asOf: isBack ? Date.now() : (live.asOf ?? Date.now()), away: isBack ? null : 'zooKeeper', error: null };
  };
  switch (event.kind) {
    case 'status':
      return known(event.status);
    case 'change':
      return live.status ? known(changed(live.status, event.change)) : live;
    case 'heard':
      return live.status && !live.error ? known(live.status) : live;
    case 'failed':
      return { ...live, ...(isUnanswered(event.error) ? { away: whoIsAway(event.error) } : { error: event.error }) };
  }
}

function whoIsAway(error: unknown): 'control' | 'zooKeeper' {
  return error instanceof ApiError && error.code === 'ZOOKEEPER_UNAVAILABLE' ? 'zooKeeper' : 'control';
}

class Follower {
  readonly #tell: (event: Event) => void;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(tell: (event: Event) => void) {
    this.#tell = tell;
  }

  start(): void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#onVisibility();
  }

  end(): void {
    this.#ended = true;
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#close();
  }

  readonly #onVisibility = (): void => {
    this.#close();
    if (document.visibilityState === 'visible') this.#open();
  };

  #open(): void {
    const source = new EventSource('/api/v1/stream');
    this.#source = source;
    const heard = (event: Event): void => {
      this.#expect();
      this.#tell(event);
    };
    source.addEventListener('status', ({ data }: MessageEvent<string>) => heard({ kind: 'status', status: JSON.parse(data) as Status }));
    source.addEventListener('change', ({ data }: MessageEvent<string>) =>
      heard({ kind: 'change', change: JSON.parse(data) as StatusChange }),
    );
    source.addEventListener('alive', () => heard({ kind: 'heard' }));
    source.addEventListener('error', () => this.#expect(reopenMs));
    this.#expect();
  }

  #expect(ms = silentMs): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), ms);
  }

  /** Until the stream speaks: the browser opens it again by itself, unless it was refused. */
  async #poll(): Promise<void> {
    clearTimeout(this.#timer);
    const source = this.#source;
    try {
      this.#tell({ kind: 'status', status: await call('GET /api/v1/status', {}) });
    } catch (error) {
      this.#tell({ kind: 'failed', error });
    }
    if (this.#ended || source !== this.#source || source === null) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (source.readyState === EventSource.CLOSED ? this.#onVisibility() : void this.#poll()), pollMs);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}

/** Once, for all pages. */
export function useFollow(): Live {
  const [live, tell] = useReducer(next, unknown);
  useEffect(() => {
    const follower = new Follower(tell);
    follower.start();
    return () => follower.end();
  }, []);
  return live;
}

export const LiveContext = createContext<Live>(unknown);
export const useLive = (): Live => useContext(LiveContext);
