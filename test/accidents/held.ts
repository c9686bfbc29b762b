/** A pipeline that holds at a schema change, as a person sees it and answers it over REST. */
import { expect } from 'vitest';
import type { DdlAnswer, DdlHold, DdlHoldReason } from '@lutra/model';
import { ApiError } from '../harness/index.js';
import type { Stack } from '../harness/index.js';
import { until } from './one-way.js';

interface PipelineNames {
  readonly channel: string;
  readonly pipeline: string;
}

/** What GET …/ddl says, as far as tests look at it. */
export interface ShownDdl {
  readonly hold: DdlHold | null;
  readonly tables: readonly { readonly source: string; readonly atSource: string | null; readonly differences: readonly string[] }[];
  readonly recent: readonly { readonly state: string; readonly statement: string; readonly answer: { readonly answer: string } | null }[];
}

/** One of REST's is asked twice a second. */
export class HeldPipeline {
  readonly #stack: Stack;
  readonly #path: string;

  constructor(stack: Stack, { channel, pipeline }: PipelineNames) {
    this.#stack = stack;
    this.#path = `/api/v1/channels/${channel}/pipelines/${pipeline}/ddl`;
  }

  shown(): Promise<ShownDdl> {
    return this.#stack.api.request('GET', this.#path);
  }

  /** Waits until it holds at another statement than that of `after`. */
  async holds(reason: DdlHoldReason, after?: DdlHold): Promise<DdlHold> {
    const hold = await until(async () => {
      const found = (await this.shown()).hold;
      return found?.reason === reason && found.seq !== after?.seq ? found : undefined;
    });
    if (!hold) expect(await this.shown(), `it should hold: ${reason}`).toBeNull();
    return hold!;
  }

  /** By a person who has looked at it. What is met by itself meanwhile needs no answer. */
  async answer({ log, seq }: DdlHold, answer: DdlAnswer): Promise<void> {
    const body = { log, seq, answer, by: 'a test', reason: 'the page says so' };
    await this.#stack.api.request('POST', this.#path, body).catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 409 || (await this.shown()).hold?.seq === seq) throw error;
    });
    await this.goesOn({ seq });
  }

  async goesOn({ seq }: Pick<DdlHold, 'seq'>): Promise<void> {
    const gone = await until(async () => ((await this.shown()).hold?.seq === seq ? undefined : true));
    if (!gone) expect(await this.shown(), 'it should go on').toBeNull();
  }
}
