import { operationVerb } from '../operation-begin.js';

export const verb = operationVerb({
  kind: 'fail-back',
  summary: 'move the clients back to where they were before a switch-over or a failover',
  details: 'It is a switch-over the other way. After a failover, let what the lost side had not published arrive first, and verify.',
  options: [{ flags: '--move-home', what: 'the region of the other side is at home afterwards; both sides are read only meanwhile' }],
  examples: [['lutra fail-back orders --from orders-ca --to orders-hz', 'follows it, and asks']],
});
