/** What the status says about routes, of a pipeline and of a whole channel. */
import { z } from 'zod';

export const routesStateSchema = z.enum(['in force', 'pending']);

export const routesStatusShape = {
  /** in force: rows committed at the source from now on are replicated by the routes of the document. */
  routes: routesStateSchema,
  /** Whom it waits for. */
  routesReason: z.string().nullable(),
};

export interface RoutesStatus {
  readonly routes: z.infer<typeof routesStateSchema>;
  readonly routesReason: string | null;
}
