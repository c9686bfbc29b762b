/** For tests: uids that are the same for the same text. */
import { createHash } from 'node:crypto';
import { channelSchema } from './config.js';
import type { ChannelDocument } from './config.js';
import { pipelineName, pipelineUidSchema } from './pipeline-uid.js';
import type { PipelineUid } from './pipeline-uid.js';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

export function uidOf(text: string): PipelineUid {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 12);
  return pipelineUidSchema.parse(Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join(''));
}

export interface ChannelText extends Readonly<Record<string, unknown>> {
  readonly name?: string;
  readonly pipelines: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

/** A channel as it is stored. Pipelines that say no uid get the one of their name. */
export function storedChannel({ name = 'ab', pipelines, ...rest }: ChannelText): ChannelDocument {
  const withUids = pipelines.map((pipeline) => ({ uid: uidOf(pipelineName(name, pipeline.name)), ...pipeline }));
  return channelSchema.parse({ name, pipelines: withUids, ...rest });
}
