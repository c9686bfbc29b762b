/** What orders of seeding and of verification have in common in the REST API. */
import { z } from 'zod';

/** `schema.table`, each a name or a pattern. */
export const tablePatternSchema = z
  .string()
  .max(257)
  .regex(/^[^`.\s]+\.[^`.\s]+$/, 'schema.table, each a name or a pattern with * and ?');

/** A condition in SQL on the rows of each table. */
export const whereSchema = z.string().min(1).max(4000);

/** Why, for whoever reads the order or control's log later. */
export const reasonSchema = z.string().min(1).max(1000);

export const orderActions = ['pause', 'resume', 'cancel'] as const;
export type OrderAction = (typeof orderActions)[number];
