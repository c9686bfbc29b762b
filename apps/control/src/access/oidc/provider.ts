/**
 * The identity provider: authorization code with PKCE, state and nonce. The ID token's signature is checked, although it comes over TLS.
 * What the provider says of itself is remembered for some minutes.
 */
import { isLoopback } from '@lutra/model';
import type { OidcDocument } from '@lutra/model';
import type { Configuration } from 'openid-client';
import { boundedFetch } from './bounded-fetch.js';
import type { Claims } from './oidc-person.js';

/** Of one request to the provider. */
const timeoutS = 10;
const rememberedMs = 10 * 60_000;

export interface Client {
  readonly config: Pick<OidcDocument, 'issuer' | 'clientId' | 'scopes' | 'groupsClaim' | 'nameClaim'>;
  readonly secret: string | undefined;
  readonly redirectUri: string;
}

export interface Begun {
  readonly url: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

type Library = typeof import('openid-client');

export class OidcProvider {
  #known: { readonly of: string; readonly until: number; readonly configuration: Promise<Configuration> } | null = null;

  /** @throws Error of openid-client, or of the network */
  async begin(client: Client): Promise<Begun> {
    const [oidc, configuration] = await this.#load(client);
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    const url = oidc.buildAuthorizationUrl(configuration, {
      redirect_uri: client.redirectUri,
      scope: client.config.scopes.join(' '),
      response_type: 'code',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    return { url: url.href, state, nonce, verifier };
  }

  /** `answer`: the redirect URI with the query that the browser brought. @throws Error of openid-client, or of the network */
  async finish(client: Client, answer: URL, { state, nonce, verifier }: Omit<Begun, 'url'>): Promise<Claims> {
    const [oidc, configuration] = await this.#load(client);
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    const tokens = await oidc.authorizationCodeGrant(configuration, answer, checks);
    const claims: Claims = tokens.claims() ?? {};
    const { groupsClaim, nameClaim } = client.config;
    if (groupsClaim in claims && nameClaim in claims) return claims;
    // Many providers tell groups here alone.
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    const more: Claims = await oidc.fetchUserInfo(configuration, tokens.access_token, String(claims['sub']));
    return { ...more, ...claims };
  }

  async #load(client: Client): Promise<[Library, Configuration]> {
    const oidc = await import('openid-client'); // only where somebody logs in by it
    const of = JSON.stringify([client.config.issuer, client.config.clientId, client.secret]);
    if (this.#known?.of !== of || this.#known.until < Date.now()) {
      const configuration = discover(oidc, client);
      this.#known = { of, until: Date.now() + rememberedMs, configuration };
      configuration.catch(() => (this.#known = null));
    }
    return [oidc, await this.#known.configuration];
  }
}

function discover(oidc: Library, { config, secret }: Client): Promise<Configuration> {
  const issuer = new URL(config.issuer);
  const local = isLoopback(issuer.hostname) ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(issuer, config.clientId, secret, secret === undefined ? oidc.None() : undefined, {
    [oidc.customFetch]: boundedFetch,
    timeout: timeoutS,
    execute: [oidc.enableNonRepudiationChecks, ...local],
  });
}
