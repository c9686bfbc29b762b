import { grantsText } from '../people-view.js';
import { time } from '../output/format.js';
import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'me',
  summary: 'who you are to this control, and what you may do',
  async run({ client, out }) {
    const me = await client.call('GET /api/v1/me');
    out.answer(me, () => {
      out.line(
        `${me.name}${me.token ? `, by the API token "${me.token.name}"` : ''}${me.until === null ? '' : `, until ${time(me.until)}`}`,
      );
      out.line(`may: ${grantsText(me.within ?? me.grants)}`);
      if (me.within) out.line(`this token: ${grantsText(me.grants)}`);
    });
  },
};
