/**
 * What a pipeline is known by where it keeps something: checkpoint row, lease, consumer group, causal context. People know it by its name,
 * `<channel>.<pipeline>`. A name comes back when a pipeline is removed and created again; a uid never does, so the new pipeline cannot go
 * on at the old one's position, and rows between the two are not passed over.
 */
import type { z } from 'zod';
import { randomId, randomIdSchema } from './random-id.js';

export const pipelineUidSchema = randomIdSchema.brand<'PipelineUid'>();
export type PipelineUid = z.infer<typeof pipelineUidSchema>;

export function newPipelineUid(): PipelineUid {
  return pipelineUidSchema.parse(randomId());
}

/** `<channel>.<pipeline>`, for people: REST, status, metrics, logs, messages. Not a key: another pipeline may have it later. */
export function pipelineName(channel: string, pipeline: string): string {
  return `${channel}.${pipeline}`;
}
