/** How documents name tables: by names and by patterns. */
import { z } from 'zod';

/** `*` stands for any run of characters, `?` for one. Case-sensitive, as MySQL's names on Linux. */
export const patternSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^`.\s]+$/, 'a name or a pattern with * and ?');

/** `table` (in any schema) or `schema.table`, each a name or a pattern. */
export const excludedSchema = z
  .string()
  .max(257)
  .regex(/^[^`.\s]+(\.[^`.\s]+)?$/, 'table or schema.table, each a name or a pattern with * and ?');
