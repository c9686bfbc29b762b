/**
 * Who did what: JSON on the topic `lutra.audit` of control's region, one record an entry. What a write of the configuration changed is
 * also in its history node, which is written with it; the topic keeps it longer. It may come twice.
 */
import { z } from 'zod';
import { personKinds } from './access.js';

export const auditTopic = 'lutra.audit';
/** Days that the topic keeps an entry. */
export const auditDays = 400;

export const auditEntrySchema = z.strictObject({
  v: z.literal(1),
  /** UUID; of a change of the configuration: `<revision>-<kind>-<name>`, the same whoever copies it. */
  id: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
  /** login, logout, login-failed, or an action of the table in roles.ts */
  action: z.string(),
  by: z.string(),
  as: z.enum(personKinds),
  /** Id of the API token; null: none. */
  token: z.string().nullable(),
  /** Address. */
  from: z.string(),
  /** METHOD /path, without the query. */
  request: z.string(),
  /** What it was about: `channels/orders`, `users/ada`; null: nothing that has a name. */
  subject: z.string().nullable(),
  /** HTTP status of the answer; 0: an entry that was copied from the history. */
  status: z.int(),
  reason: z.string(),
  /** Of the configuration, that it made. The entry of a request and those of what it changed belong together by them. */
  revisions: z.array(z.int()).readonly(),
  /** Of a change of the configuration: the document before and after, without secrets. */
  change: z.strictObject({ before: z.unknown(), after: z.unknown() }).nullable(),
});
export type AuditEntry = Readonly<z.infer<typeof auditEntrySchema>>;
