/** The health check of a container: 0 while the process answers. An outage of ZooKeeper or Kafka is no reason to restart it. */
const { PORT = '8080' } = process.env;

try {
  const answer = await fetch(`http://127.0.0.1:${PORT}/health/live`, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
