/** Starts the loader app. */
import '@lutra/node';
import { startWorker } from '@lutra/host';
import { pipelineName } from '@lutra/model';
import { ddlTargetOf } from './ddl/ddl-target.js';
import { serversIo } from './io.js';
import { runLoader } from './loader.pipeline.js';
import { assignedPipelines } from './assignments.js';
import { Verifier } from './verify/verifier.js';

startWorker({
  app: 'loader',
  port: 8082,
  onlyVariable: 'LUTRA_PIPELINES',
  works: ({ channels }) =>
    [...channels.values()].flatMap((channel) => channel.pipelines.map(({ name }) => pipelineName(channel.name, name))),
  wanted: assignedPipelines,
  lease: (_, { uid }) => `loader/${uid}.0`,
  isPaused: ({ paused }) => paused,
  restartsAt: ({ autoRestart = [] }) => autoRestart,
  run: (deps, work, leadership) => runLoader({ ...deps, io: serversIo, ddl: { targetOf: ddlTargetOf } }, work, leadership),
  beside: (deps) => new Verifier(deps),
});
