/**
 * ZooKeeper's error codes, and what becomes of them at this lib's border. Inside the lib a fault is the client's exception with its code;
 * outside there are only SyncErrors.
 */
import zookeeper from 'node-zookeeper-client';
import { SyncError } from '@lutra/model';

const { Exception } = zookeeper;

/** The code of a fault of ZooKeeper or its client; null for anything else. */
function faultCode(error: unknown): number | null {
  if (error instanceof SyncError || !(error instanceof Error) || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

export const connectionLoss = (): Error => Exception.create(Exception.CONNECTION_LOSS);

/** No answer came: the request may or may not have been carried out. */
export function isLoss(error: unknown): boolean {
  const code = faultCode(error);
  return code === Exception.CONNECTION_LOSS || code === Exception.SESSION_EXPIRED || code === Exception.OPERATION_TIMEOUT;
}

export const isNoNode = (error: unknown): boolean => faultCode(error) === Exception.NO_NODE;
export const isNodeExists = (error: unknown): boolean => faultCode(error) === Exception.NODE_EXISTS;
export const isNotEmpty = (error: unknown): boolean => faultCode(error) === Exception.NOT_EMPTY;
export const isBadVersion = (error: unknown): boolean => faultCode(error) === Exception.BAD_VERSION;

export function isDenied(error: unknown): boolean {
  const code = faultCode(error);
  return code === Exception.NO_AUTH || code === Exception.AUTH_FAILED || code === Exception.INVALID_ACL;
}

/** A fault as a SyncError that names the node. */
export function translate(error: unknown, path: string): SyncError {
  if (error instanceof SyncError) return error;
  const details = { path, fault: faultCode(error) };
  if (isLoss(error)) return new SyncError('ZOOKEEPER_UNAVAILABLE', `ZooKeeper did not answer about ${path}`, { cause: error, details });
  if (isDenied(error)) {
    return new SyncError('ZOOKEEPER_DENIED', `ZooKeeper refused access to ${path}: other credentials own it`, { cause: error, details });
  }
  const name = error instanceof Error ? error.name : 'unknown';
  return new SyncError('INTERNAL', `unexpected answer of ZooKeeper about ${path}: ${name}`, { cause: error, details });
}
