/** Starts the capture app. */
import '@lutra/node';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BoundedHttp, unknownVariables } from '@lutra/host';
import { toSyncError } from '@lutra/model';
import { createLogger, openTraces } from '@lutra/telemetry';
import { CaptureModule } from './capture.module.js';
import { readEnvironment } from './environment.js';

const logger = createLogger('capture');

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  for (const variable of unknownVariables(process.env))
    logger.warn({ variable }, 'an environment variable that Lutra does not know; misspelt?');
  const traces = await openTraces('capture', logger);
  const app = await NestFactory.create(CaptureModule.with(environment, logger, traces), new BoundedHttp(), {
    logger: false,
    bodyParser: false,
  });
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await app.listen(environment.PORT, environment.HOST);
  logger.info({ region: environment.LUTRA_REGION, url: await app.getUrl() }, 'capture started');
}

main().catch((thrown: unknown) => {
  const error = toSyncError(thrown);
  logger.fatal({ code: error.code, err: error, help: error.help }, 'capture cannot start');
  process.exit(1);
});
