/** Starts the capture app. */
import '@lutra/node';
import { startWorker } from '@lutra/host';
import { runCapture } from './capture.pipeline.js';
import { serversIo } from './io.js';
import { assignedEndpoints } from './assignments.js';

startWorker({
  app: 'capture',
  port: 8081,
  onlyVariable: 'LUTRA_ENDPOINTS',
  works: ({ endpoints }) => [...endpoints.keys()],
  wanted: assignedEndpoints,
  lease: (name) => `capture/${name}`,
  restartsAt: ({ endpoint: { autoRestart = [] } }) => autoRestart,
  run: (deps, work, leadership) => runCapture({ ...deps, io: serversIo }, work, leadership),
});
