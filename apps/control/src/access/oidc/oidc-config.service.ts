/** The configuration of the login by an identity provider. Never shows the client secret. */
import { Inject, Injectable } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { OidcDocument, OidcInput, OidcOutput } from '@lutra/model';
import { referenceOf, sealClientSecret } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { currentAuthor, tellChange } from '../../configuration/author.js';
import type { Precondition, Versioned } from '../../configuration/configuration.js';
import { REGISTRY, SECRET_KEY } from '../../tokens.js';
import type { SecretKey } from '../../tokens.js';

@Injectable()
export class OidcConfigService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
  ) {}

  async isThere(): Promise<boolean> {
    return (await this.registry.oidc.latest()) !== null;
  }

  /** @throws SyncError CONFIG_MISSING */
  async find(): Promise<Versioned<OidcOutput>> {
    const found = await this.registry.oidc.latest();
    if (!found) throw missing();
    return { document: shown(found.document), version: found.version };
  }

  /**
   * `expected`: null for one that is not there yet.
   * @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT, CONFIG_INVALID
   */
  async replace(input: OidcInput, expected: Precondition | null): Promise<Versioned<OidcOutput>> {
    const found = await this.registry.oidc.latest();
    if (typeof expected === 'number' && found?.version !== expected) throw found ? changed(expected, found.version) : missing();
    if (expected === null && found) throw new SyncError('CONFIG_CONFLICT', 'there is a login by OIDC already');
    const { clientSecretSet: _, clientSecretFrom: __, ...fields } = input;
    const secret = sealClientSecret(this.key, input, found?.document ?? null);
    const { clientSecret: ___, ...rest } = fields;
    const document: OidcDocument = { ...rest, ...(secret && { clientSecret: secret }), by: currentAuthor().by, at: Date.now() };
    const version = found ? await this.registry.oidc.replace(document, found.version) : await this.registry.oidc.create(document);
    if (version === null) throw new SyncError('CONFIG_CONFLICT', 'somebody else changed the login by OIDC meanwhile');
    const after = { ...shown(document), ...(input.clientSecret && { clientSecret: '(secret, given anew)' }) };
    tellChange({ before: found ? shown(found.document) : null, after });
    return { document: shown(document), version };
  }

  /** Who is logged in stays so until his session ends. @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT */
  async remove(expected: Precondition): Promise<void> {
    const found = await this.registry.oidc.latest();
    const outcome = await this.registry.oidc.remove(expected === 'any' ? undefined : expected);
    if (outcome === 'absent') throw missing();
    if (outcome === 'changed') throw changed(expected, (await this.find()).version);
    if (found) tellChange({ before: shown(found.document), after: null });
  }
}

function shown({ clientSecret, ...config }: OidcDocument): OidcOutput {
  const from = clientSecret && referenceOf(clientSecret);
  return { ...config, clientSecretSet: clientSecret !== undefined, ...(from !== undefined && { clientSecretFrom: from }) };
}

function missing(): SyncError {
  return new SyncError('CONFIG_MISSING', 'there is no login by OIDC');
}

function changed(expected: Precondition, version: number): SyncError {
  const message = `the login by OIDC is at version ${version} now; If-Match names ${expected}`;
  return new SyncError('CONFIG_CONFLICT', message, { details: { expectedVersion: String(expected) } });
}
