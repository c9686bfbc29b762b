/** What a stage knows of files, with files apps in memory. */
import type { FileRule, PipelineUid } from '@lutra/model';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import type { CommitFiles } from './commit-files.js';
import { FileRows } from './file-rows.js';
import { PipelineFiles } from './pipeline-files.js';
import { Staging } from './staging.js';

export interface MemoryStage {
  readonly service: MemoryFiles;
  readonly commit: PipelineFiles;
  readonly files: FileRows & CommitFiles;
  /** Of the run. */
  readonly over: AbortController;
}

export function memoryStage(rule: FileRule, { pipeline, epoch }: { readonly pipeline: PipelineUid; readonly epoch: number }): MemoryStage {
  const service = new MemoryFiles();
  const of = { files: service, pipeline };
  const over = new AbortController();
  const { signal } = over;
  const staging = new Staging({ ...of, sourceRegion: 'a', signal, ruleNow: () => rule, onWithout: () => undefined });
  const rest = { signal, hasMissing: () => false, onCommitted: () => undefined, observe: () => undefined, warn: () => undefined };
  const commit = new PipelineFiles({ ...of, ...rest, staging, epoch });
  const rows = new FileRows({ staging, endpoint: 'a', rulesOf: () => [rule] });
  const files = Object.assign(rows, {
    ready: commit.ready.bind(commit),
    place: commit.place.bind(commit),
    committed: commit.committed.bind(commit),
    takeBack: commit.takeBack.bind(commit),
  });
  return { service, commit, files, over };
}
