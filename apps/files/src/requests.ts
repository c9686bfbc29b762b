/** The shape of each request: libs/files/src/protocol.ts says what it means. Loose, since a later build may say more. */
import type {
  CompareRequest,
  DeleteRequest,
  FenceRequest,
  ListRequest,
  ManifestRequest,
  NamedRequest,
  PackRequest,
  PlaceRequest,
  SettleRequest,
  StageRequest,
  UnplaceRequest,
} from '@lutra/files';
import { fileRuleSchema, nameSchema, pipelineUidSchema, SyncError } from '@lutra/model';
import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const size = z.int().min(0);
const nanoseconds = z.string().regex(/^-?\d{1,20}$/);
const number = z.string().regex(/^\d{1,20}$/);
const path = z.string();
const root = nameSchema;
const epoch = z.int().min(0);
const name = z.object({ root, path });
const ofPipeline = z.object({ pipeline: pipelineUidSchema, epoch, root });
const ofPlacing = ofPipeline.extend({ n: z.int().min(0) });
const row = z.object({
  endpoint: nameSchema,
  database: z.string(),
  table: z.string(),
  key: z.record(z.string(), z.string()),
  rule: fileRuleSchema,
});
const placed = z.object({ size, mtimeNs: nanoseconds, dev: number, ino: number });
/** Of one request about files of another region. */
const mostFiles = 1_000;
const mostListed = 10_000;

interface Requests {
  readonly stage: StageRequest;
  readonly place: PlaceRequest;
  readonly unplace: UnplaceRequest;
  readonly settle: SettleRequest;
  readonly fence: FenceRequest;
  readonly delete: DeleteRequest;
  readonly compare: CompareRequest;
  readonly list: ListRequest;
  readonly manifest: ManifestRequest;
  readonly pack: PackRequest;
  readonly named: NamedRequest;
}

export type RequestName = keyof Requests;

const schemas: { readonly [N in RequestName]: z.ZodType<Requests[N]> } = {
  stage: z.object({
    pipeline: pipelineUidSchema,
    sourceRegion: nameSchema,
    files: z.array(name.extend({ id: z.int(), hash: hash.nullable(), row })),
  }),
  place: ofPlacing.extend({ files: z.array(name.extend({ sha256: hash, size, mtimeNs: nanoseconds })) }),
  unplace: ofPlacing,
  settle: ofPlacing,
  fence: ofPipeline,
  delete: ofPipeline.extend({ path, placed, way: z.enum(['trash', 'remove']), mark: z.string().max(100).nullable() }),
  compare: z.object({ sourceRegion: nameSchema, root, files: z.array(z.object({ path, hash: hash.nullable() })).max(mostFiles) }),
  list: z.object({
    root,
    from: z.union([path, z.null(), z.array(path).max(mostFiles)]),
    most: z.int().min(1).max(mostListed),
    unchangedMs: z.int().min(0),
  }),
  manifest: z.object({ root, paths: z.array(path).max(mostFiles), hashes: z.array(hash.nullable()).max(mostFiles).optional() }),
  pack: z.object({ root, tokens: z.array(z.string()).max(mostFiles) }),
  named: z.object({ rows: z.array(row.extend({ root, path, hash: hash.nullish() })).max(mostFiles) }),
};

/** @throws SyncError FILES_REFUSED: it is of another build */
export function requestOf<N extends RequestName>(kind: N, body: unknown): Requests[N] {
  const parsed = schemas[kind].safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SyncError('FILES_REFUSED', `the request ${kind} is not one of this build: ${issue?.path.join('.')}: ${issue?.message}`);
}
