/** The files of a run, made when its first rule comes into force. */
import { SyncError } from '@lutra/model';
import type { Route } from '@lutra/model';
import type { LoaderRun, Owned } from '../loader-run.js';
import { FilesRoom, StageFiles } from './files-room.js';

/** From this level of the cluster on rules are acted upon. */
const fromLevel = 4;

/** Null: the pipeline has no rules, and had none in this run. */
export async function filesOf(run: LoaderRun, owned: Owned): Promise<StageFiles | null> {
  const { deps, work } = run;
  const roots = rootsOf(work.routes);
  if (deps.level.current < fromLevel || (roots.length === 0 && !run.files)) return null;
  const { files: io } = deps.io;
  if (!io) throw new SyncError('FILES_UNAVAILABLE', 'this process does not reach files apps');
  const room = (run.files ??= new FilesRoom(run, owned.checkpoint.epoch, io));
  await run.during(`files apps of region ${work.target.region}`, () => room.takeOver(roots));
  return new StageFiles(room, work);
}

function rootsOf(routes: readonly Route[]): readonly string[] {
  return [...new Set(routes.flatMap(({ files = [] }) => files.map(({ root }) => root)))];
}
