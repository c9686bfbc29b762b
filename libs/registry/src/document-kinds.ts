/** The kinds of configuration documents: where they are and what they look like. A node has the name of its document. */
import { SyncError, storedChannelSchema, desiredSchema, endpointSchema, regionSchema } from '@lutra/model';
import type { StoredChannel, Desired, EndpointDocument, RegionDocument } from '@lutra/model';
import type { z } from 'zod';
import type { Node } from './connection.js';
import { fromNode } from './json.js';
import type { Versioned } from './json.js';

export interface DocumentKind<T> {
  /** For messages. */
  readonly noun: string;
  readonly schema: z.ZodType<T>;
  /** @throws SyncError CONFIG_INVALID */
  parse(name: string, node: Node): Versioned<T>;
}

/** The type of each kind. */
export interface DocumentTypes {
  readonly regions: RegionDocument;
  readonly endpoints: EndpointDocument;
  readonly channels: StoredChannel;
  /** What is wanted of the channel of the same name. */
  readonly desired: Desired;
}

/** Those whose changes the revision counts and the history keeps. */
export const historicKinds = ['regions', 'endpoints', 'channels'] as const;
export type HistoricKind = (typeof historicKinds)[number];

export const documentKinds: { readonly [K in keyof DocumentTypes]: DocumentKind<DocumentTypes[K]> } = {
  regions: named('region', regionSchema),
  endpoints: named('endpoint', endpointSchema),
  channels: named('channel', storedChannelSchema),
  desired: {
    noun: 'desired state of channel',
    schema: desiredSchema,
    parse: (name, node) => fromNode(desiredSchema, node, `desired state of channel ${name}`),
  },
};

function named<T extends { readonly name: string }>(noun: string, schema: z.ZodType<T>): DocumentKind<T> {
  return {
    noun,
    schema,
    parse: (name, node) => {
      const versioned = fromNode(schema, node, `${noun} ${name}`);
      if (versioned.document.name === name) return versioned;
      const { version } = versioned;
      const details = { document: `${noun} ${name}`, version };
      throw new SyncError('CONFIG_INVALID', `${noun} ${name}: name: is ${versioned.document.name}`, { details });
    },
  };
}
