import type { Verb } from '../verb.js';

export const verb: Verb = {
  name: 'logout',
  summary: 'revoke the API token of this context, and forget it',
  async run({ client, contexts, options, out }) {
    const { name, url, ca, token } = contexts.resolve(options.text('context'));
    if (name === null || token === undefined) return out.note('this context keeps no token');
    const me = await client.call('GET /api/v1/me');
    if (me.token) await client.call('DELETE /api/v1/me/tokens/{id}', { path: { id: me.token.id } });
    contexts.set(name, { url, ...(ca !== undefined && { ca }) });
    out.note(me.token ? `token ${me.token.id} is revoked` : 'the token is forgotten; it was that of LUTRA_API_TOKEN, and is still valid');
  },
};
