import { cliVersion } from '../version.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'version',
  summary: 'print the versions of lutra and of control',
  async run({ client, out }) {
    const control = await client.call('GET /api/v1/version');
    out.answer({ cli: cliVersion(), control }, () => {
      out.line(`lutra    ${cliVersion()}`);
      out.line(
        `control  ${control.version} (Node ${control.node.replace(/^v/, '')}${control.region === null ? '' : `, region ${control.region}`})`,
      );
    });
  },
};
