/** /api/v1/oidc, and the two steps of a login by it. */
import { Body, Controller, Delete, Get, Header, Headers, HttpCode, Inject, Put, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { oidcInputSchema, oidcOutputSchema } from '@lutra/model';
import type { OidcInput, OidcOutput } from '@lutra/model';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { ConnectedGuard, ReachableGuard } from '../../http/connected.guard.js';
import { ApiAnswer, ApiFind, ApiPage, ApiRemove, ApiReplace } from '../../http/openapi.js';
import { requireIfMatch, sendVersioned } from '../../http/versions.js';
import type { Response } from '../../http/versions.js';
import { Allow, AllowEverybody } from '../allow.js';
import { OidcConfigService } from './oidc-config.service.js';
import { OidcService } from './oidc.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('access')
@Controller('/api/v1/oidc')
export class OidcController {
  constructor(@Inject(OidcConfigService) private readonly configs: OidcConfigService) {}

  @Get()
  @Allow('access.write')
  @ApiFind('The login by an identity provider (OpenID Connect)', oidcOutputSchema)
  async find(@Res({ passthrough: true }) response: Response): Promise<OidcOutput> {
    return sendVersioned(response, await this.configs.find());
  }

  @Put()
  @Allow('access.write')
  @ApiReplace('Create it (If-None-Match: *) or replace it; without a client secret the stored one stays', oidcOutputSchema)
  async replace(
    @Body({ schema: oidcInputSchema }) body: OidcInput,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OidcOutput> {
    const expected = ifNoneMatch === '*' && ifMatch === undefined ? null : requireIfMatch(ifMatch);
    return sendVersioned(response, await this.configs.replace(body, expected));
  }

  @Delete()
  @Allow('access.write')
  @HttpCode(204)
  @ApiRemove('Remove it; who is logged in stays so until the session ends')
  remove(@Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.configs.remove(requireIfMatch(ifMatch));
  }
}

const oidcLoginSchema = z.strictObject({ configured: z.boolean() });
const pathSchema = z.string().max(2000).default('/');

@UseGuards(ReachableGuard)
@ApiTags('access')
@Controller('/api/v1/auth/oidc')
export class OidcLoginController {
  constructor(
    @Inject(OidcService) private readonly logins: OidcService,
    @Inject(OidcConfigService) private readonly configs: OidcConfigService,
  ) {}

  @Get()
  @AllowEverybody()
  @ApiAnswer('Whether there is a login by an identity provider: all that a stranger is told of it', oidcLoginSchema)
  async isThere(): Promise<z.infer<typeof oidcLoginSchema>> {
    return { configured: await this.configs.isThere() };
  }

  @Get('start')
  @AllowEverybody()
  @Header('Cache-Control', 'no-store')
  @ApiQuery({
    name: 'returnTo',
    required: false,
    description: 'Path at control where the browser goes after the login',
    schema: { type: 'string' },
  })
  @ApiPage('Begin a login: leads the browser to the identity provider', 302)
  async start(
    @Query('returnTo', { schema: pathSchema }) returnTo: string,
    @Req() request: IncomingMessage,
    @Res() response: Response,
  ): Promise<void> {
    const url = await this.logins.begin(returnTo, { request, response });
    response.writeHead(302, { Location: url }).end();
  }

  /** A page, not a redirect: browsers keep a cookie of SameSite=Strict from a request that another site led to. */
  @Get('callback')
  @AllowEverybody()
  @Header('Cache-Control', 'no-store')
  @ApiPage('Where the identity provider sends the browser back: opens a session', 200)
  async callback(@Req() request: IncomingMessage, @Res() response: Response): Promise<void> {
    const path = await this.logins.finish({ request, response });
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(pageTo(path));
  }
}

function pageTo(path: string): string {
  const escaped = path.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${escaped}"><title>Lutra</title><a href="${escaped}">Lutra</a>\n`;
}
