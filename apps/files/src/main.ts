/** Starts the files app. */
import '@lutra/node';
import { startWorker } from '@lutra/host';
import { FilesApp } from './files-app.js';
import { placeRoom } from './place/place-room.js';

const files = new FilesApp({ variables: process.env, rooms: { place: placeRoom } });

startWorker({
  app: 'files',
  port: 8083,
  onlyVariable: null,
  works: () => [],
  wanted: (documents, of) => files.wanted(documents, of),
  lease: (name) => `files/${name}`,
  run: (deps, work, lead) => files.place(deps, work.take(), lead),
  beside: (deps) => files.start(deps),
  files: () => files.told,
  trouble: () => files.trouble,
});
