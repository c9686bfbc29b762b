/** Whether capture can take what is inserted into lutra.resync. Replication needs nothing of it. */
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { textOf } from './server-facts.js';
import type { ServerFacts } from './server-facts.js';
import type { Queries } from './session-options.js';

const table = { database: 'lutra', name: 'resync' };
/** INSERT for what otter's retl.retl_buffer asks for. */
export const resyncRights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];

export async function checkResync(queries: Queries, server: ServerFacts): Promise<readonly Problem[]> {
  const grant = `GRANT ${resyncRights.join(', ')} ON lutra.resync TO ${server.account}`;
  const of = "TABLE_SCHEMA = 'lutra' AND TABLE_NAME = 'resync'";
  const [row] = await queries.query(`SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE ${of}`);
  const unsent = 'rows that somebody inserts there are not sent again';
  if (textOf(row, 'n') === '0') {
    const what = `lutra.resync does not exist, or the user may not see it: ${unsent}`;
    return [problem('warning', 'resync-privileges', what, `run schemas/lutra.sql on this server as an administrator; ${grant}`)];
  }
  const denied = server.grants.missing(resyncRights, table);
  if (denied.length === 0) return [];
  return [problem('warning', 'resync-privileges', `the user lacks ${denied.join(', ')} on lutra.resync: ${unsent}`, grant)];
}
