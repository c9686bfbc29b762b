/** What a step is given, and what it says. A step looks first and then does, so it may be run again at any time, by any control. */
import type { ChannelDocument, OperationDocument, OperationFacts, PipelineDocument } from '@lutra/model';
import type { OperationIo } from './operation-io.js';

export interface StepContext {
  readonly name: string;
  readonly operation: OperationDocument;
  readonly channel: ChannelDocument;
  readonly io: OperationIo;
}

/**
 * done: `what` is for people · waits: `fix` is what a person can do; null: it passes by itself · facts: to be remembered before the step
 * does what follows from them; it is run again · back: a server did not stay closed, so all from its fence on is done once more
 */
export type StepResult =
  | { readonly kind: 'done'; readonly what: string; readonly facts?: Partial<OperationFacts> }
  | { readonly kind: 'waits'; readonly what: string; readonly fix: string | null }
  | { readonly kind: 'facts'; readonly facts: Partial<OperationFacts> }
  | { readonly kind: 'back'; readonly what: string };

export type Step = (context: StepContext) => Promise<StepResult>;

export function done(what: string, facts?: Partial<OperationFacts>): StepResult {
  return facts ? { kind: 'done', what, facts } : { kind: 'done', what };
}

export function waits(what: string, fix: string | null = null): StepResult {
  return { kind: 'waits', what, fix };
}

/** Pipelines of the channel that lead there. */
export function ways({ channel }: Pick<StepContext, 'channel'>, from: string, to: string): readonly PipelineDocument[] {
  return channel.pipelines.filter((pipeline) => pipeline.source === from && pipeline.target === to);
}
