/** The whole configuration as one document: the bodies of the REST API, side by side, and what is wanted of each channel. */
import { channelInputSchema, desiredStates, regionInputSchema, secretReferenceSchema } from '@lutra/model';
import type { RegionInput } from '@lutra/model';
import { z } from 'zod';
import { endpointWriteSchema } from '../http/schemas.js';
import type { EndpointWrite } from '../http/schemas.js';

/** Order of creation: each names only what stands before it. */
export const documentKinds = ['regions', 'endpoints', 'channels'] as const;
export type DocumentKind = (typeof documentKinds)[number];

const channelSchema = channelInputSchema.extend({
  /** Left out: it stays what it is; a new channel is stopped. */
  state: z.enum(desiredStates).optional(),
});
export type ChannelWanted = z.infer<typeof channelSchema>;

export const lutraDocumentSchema = z.strictObject({
  version: z.literal(1),
  regions: z.array(regionInputSchema).default([]),
  endpoints: z.array(endpointWriteSchema.extend({ passwordFrom: secretReferenceSchema.optional() })).default([]),
  channels: z.array(channelSchema).default([]),
});

export interface Wanted {
  readonly regions: readonly RegionInput[];
  readonly endpoints: readonly EndpointWrite[];
  readonly channels: readonly ChannelWanted[];
}

/** A line and a column of the user's text, from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** `channels/orders` */
export function subjectOf(kind: DocumentKind, name: string): string {
  return `${kind}/${name}`;
}
