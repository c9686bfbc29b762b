/** Starts the loader app. */
import '@lutra/node';
import { startWorker } from '@lutra/host';
import { pipelineId } from '@lutra/model';
import { serversIo } from './io.js';
import { runLoader } from './loader.pipeline.js';
import { assignedPipelines } from './assignments.js';

startWorker({
  app: 'loader',
  port: 8082,
  onlyVariable: 'LUTRA_PIPELINES',
  works: ({ channels }) => [...channels.values()].flatMap((channel) => channel.pipelines.map(({ name }) => pipelineId(channel.name, name))),
  wanted: assignedPipelines,
  lease: (name) => `loader/${name}.0`,
  isPaused: ({ paused }) => paused,
  run: (deps, work, leadership) => runLoader({ ...deps, io: serversIo }, work, leadership),
});
