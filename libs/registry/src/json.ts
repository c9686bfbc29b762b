/** JSON in nodes. What does not parse, or has not its shape, becomes CONFIG_INVALID with the node's name and never its content. */
import { SyncError, newerThanThisBuild, parseDocument } from '@lutra/model';
import { z } from 'zod';
import type { Node } from './connection.js';

export interface Versioned<T> {
  readonly document: T;
  readonly version: number;
}

export function toBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/**
 * `what` names the document in the error, whose details carry the node's version: with it, a damaged one can be replaced or removed.
 * @throws SyncError CONFIG_INVALID
 */
export function fromNode<T>(schema: z.ZodType<T>, node: Node, what: string): Versioned<T> {
  const { version } = node.stat;
  try {
    return { document: parseDocument(schema, parseJson(node.data), what), version };
  } catch (error) {
    const newer = hasUnknownField(error) ? `; ${newerThanThisBuild}, or by hand` : '';
    const message = error instanceof SyncError ? `${error.message}${newer}` : `${what}: not JSON`;
    // No cause: the parser's error quotes the text, which may hold secrets.
    throw new SyncError('CONFIG_INVALID', message, { details: { document: what, version } });
  }
}

function hasUnknownField(error: unknown): boolean {
  const cause = error instanceof SyncError ? error.cause : null;
  return cause instanceof z.ZodError && cause.issues.some(({ code }) => code === 'unrecognized_keys');
}

function parseJson(data: Buffer): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
}
