import { operationVerb } from '../operation-begin.js';

export const verb = operationVerb({
  kind: 'failover',
  summary: 'let clients write at the other side, because one is lost',
  details:
    'The way from the lost side is paused first, so that it cannot put its last changes over newer rows when it comes back. What it had not published is not at the other side.',
  examples: [['lutra failover orders --from orders-hz --to orders-ca --go-on-without lost', 'follows it, and asks']],
});
