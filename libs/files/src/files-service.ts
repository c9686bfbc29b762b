/** The files apps of a region, as its loaders see them: libs/files/src/client/. In tests: in memory. */
import type {
  CompareAnswer,
  CompareRequest,
  DeleteAnswer,
  DeleteRequest,
  FenceAnswer,
  FenceRequest,
  ListAnswer,
  ListRequest,
  PlaceAnswer,
  PlaceRequest,
  SettleRequest,
  StageAnswer,
  StageProgress,
  StageRequest,
  UnplaceRequest,
} from './protocol.js';

/** Each throws SyncError FILES_UNAVAILABLE, FILES_DISK_FULL, FILES_REFUSED, FILE_ROOT_UNKNOWN; those with an epoch FENCED. */
export interface FilesService {
  /** Files of several roots may be asked for at once. Ends when all are answered, or the signal aborts. */
  stage(request: StageRequest, signal: AbortSignal): AsyncIterable<StageAnswer | StageProgress>;
  place(request: PlaceRequest): Promise<PlaceAnswer>;
  unplace(request: UnplaceRequest): Promise<void>;
  settle(request: SettleRequest): Promise<void>;
  fence(request: FenceRequest): Promise<FenceAnswer>;
  delete(request: DeleteRequest): Promise<DeleteAnswer>;
  compare(request: CompareRequest): Promise<CompareAnswer>;
  list(request: ListRequest): Promise<ListAnswer>;
}
