/** Starts the capture app. */
import '@lutra/node';
import { startWorker } from '@lutra/host';
import { runCapture } from './capture.pipeline.js';
import { serversIo } from './io.js';
import { wantedEndpoints } from './wanted.js';

startWorker({
  app: 'capture',
  port: 8081,
  onlyVariable: 'LUTRA_ENDPOINTS',
  works: ({ endpoints }) => [...endpoints.keys()],
  wanted: wantedEndpoints,
  lease: (name) => `capture/${name}`,
  run: (deps, work, lead) => runCapture({ ...deps, io: serversIo }, work, lead),
});
