/**
 * A row of `lutra.checkpoint` that belongs to no pipeline: what a capture writes to see it come back through the binlog. Where it does not,
 * the markers of loaders would not either, and every copy would be published as if it were new.
 */
import { SyncError } from '@lutra/model';
import { checkpointColumns } from './checkpoint.js';

/** No uid has a colon. */
export function probePipeline(endpoint: string): string {
  return `probe:${endpoint}`;
}

/**
 * The token stands where a loader has the log id. Without an origin it says nothing about what was applied.
 * @throws SyncError CHECKPOINT_INVALID for a name or a token that the table cannot hold
 */
export function probeStatement(endpoint: string, token: string): string {
  if (!/^[0-9a-z-]{1,48}$/.test(endpoint) || !/^[0-9a-f-]{1,36}$/.test(token))
    throw new SyncError('CHECKPOINT_INVALID', `lutra.checkpoint cannot hold a probe of endpoint ${endpoint}`);
  const values = [`'${probePipeline(endpoint)}'`, 0, 0, `'${token}'`, -1, -1, 0, 'NULL', 0, "''", "''", 0, 0, -1, "''"];
  return `INSERT INTO lutra.checkpoint (${checkpointColumns.join(', ')}) VALUES (${values.join(', ')}) ON DUPLICATE KEY UPDATE log_id = '${token}', n = n + 1`;
}
