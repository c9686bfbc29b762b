/** What the REST API says of the cluster's level and of the processes. */
import { z } from 'zod';

export const workerFilesSchema = z.object({
  /** Where other apps reach it. */
  url: z.string(),
  /** The roots that it serves. */
  roots: z.array(z.string()).readonly(),
  /** Of these, those that it places files in. */
  places: z.array(z.string()).readonly(),
});

export const workerSchema = z.object({
  app: z.string(),
  /** host:pid */
  instance: z.string(),
  region: z.string().nullable(),
  version: z.string(),
  /** The lowest and the highest level that it knows. */
  levels: z.tuple([z.number(), z.number()]),
  /** Ids of the keys that it can open passwords with. */
  keys: z.array(z.string()),
  /** When it started, in ms since 1970. */
  since: z.number(),
  /** Of a files app. */
  files: workerFilesSchema.optional(),
});

export const levelBlockSchema = z.object({
  /** host:pid of the process that is in the way. */
  instance: z.string(),
  /** Why. */
  what: z.string(),
  fix: z.string(),
});
export type LevelBlockShown = z.infer<typeof levelBlockSchema>;

export const levelStatusSchema = z.object({
  level: z.number(),
  /** Who raised it, and when, in ms since 1970. */
  by: z.string(),
  at: z.number(),
  /** What each level added that the control app knows. */
  contents: z.record(z.string(), z.string()),
  processes: z.array(workerSchema),
  /** The highest level that a live process knows, and what is in the way of raising to it. null: the cluster is there. */
  next: z.object({ level: z.number(), blocks: z.array(levelBlockSchema) }).nullable(),
});
export type LevelStatus = z.infer<typeof levelStatusSchema>;

export const levelWriteSchema = z.strictObject({ level: z.int().min(1).max(1_000_000) });
export type LevelWrite = z.infer<typeof levelWriteSchema>;
