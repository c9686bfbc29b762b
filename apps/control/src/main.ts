/** Starts control from its environment; ends within ten seconds of SIGTERM or SIGINT. */
import '@lutra/node';
import { unknownVariables } from '@lutra/host';
import { toSyncError } from '@lutra/model';
import { loadKeyring } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { createApp } from './app.js';
import { readEnvironment } from './environment.js';

const shutdownMs = 10_000;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const secretKey = loadKeyring(process.env);
  const logger = createLogger('control', environment.logLevel);
  for (const variable of unknownVariables(process.env))
    logger.warn({ variable }, 'an environment variable that Lutra does not know; misspelt?');
  const app = await createApp({ environment, secretKey, logger });
  const stop = (signal: string): void => {
    logger.info({ signal }, 'control stops');
    setTimeout(() => {
      logger.error('control did not stop in time');
      process.exit(1);
    }, shutdownMs).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'control did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  await app.listen();
}

main().catch((error: unknown) => {
  const { code, message, help } = toSyncError(error);
  createLogger('control', 'fatal').fatal({ code, help }, message);
  process.exit(1);
});
