/** /api/v1/auth and /api/v1/me: logging in and out, and what one may see and change of oneself. */
import { Body, Controller, Delete, Get, HttpCode, HttpException, Inject, Param, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { IncomingMessage } from 'node:http';
import { actions, isAllowed, roles } from '@lutra/model';
import type { ActionName, Person } from '@lutra/model';
import type { Audit } from '../audit/audit.js';
import { AUDIT } from '../audit/audit.js';
import { ApiAnswer, ApiDone, ApiEnd } from '../http/openapi.js';
import type { Response } from '../http/versions.js';
import {
  loginSchema,
  logoutQuerySchema,
  meSchema,
  newTokenSchema,
  ownPasswordSchema,
  tokenIdSchema,
  tokenOutputSchema,
  tokenWriteSchema,
} from './access.schemas.js';
import type { Login, Me, NewToken, OwnPassword, TokenOutput, TokenWrite } from './access.schemas.js';
import { Allow, AllowEverybody } from './allow.js';
import { askerOf } from './asker.js';
import { LockedError, LoginService } from './login.service.js';
import { currentPerson } from './person.js';
import { Sessions } from './sessions.js';
import { requireOwnLogin, TokenService } from './token.service.js';
import { UserService } from './user.service.js';

@ApiTags('people')
@Controller('/api/v1')
export class AuthController {
  constructor(
    @Inject(LoginService) private readonly logins: LoginService,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(UserService) private readonly users: UserService,
    @Inject(TokenService) private readonly tokens: TokenService,
    @Inject(AUDIT) private readonly audit: Audit,
  ) {}

  @Post('auth/login')
  @HttpCode(200)
  @AllowEverybody()
  @ApiAnswer('Log in by password: sets the cookie of a session', meSchema, 400, 401)
  async login(
    @Body({ schema: loginSchema }) body: Login,
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Me> {
    const from = askerOf(request)?.from ?? '';
    try {
      const { name, grants } = await this.logins.login(body, from);
      const until = this.sessions.open({ kind: 'user', name, grants }, response);
      this.#note('login', name, from, 200);
      return shownMe({ kind: 'user', name, token: null, grants }, until);
    } catch (error) {
      if (error instanceof LockedError) response.setHeader('Retry-After', String(error.waitS));
      else if (error instanceof HttpException && error.getStatus() === 401) this.#note('login-failed', body.name, from, 401);
      throw error;
    }
  }

  @Post('auth/logout')
  @HttpCode(204)
  @Allow('self.use')
  @ApiDone('Log out; everywhere: end all own sessions and API tokens')
  async logout(
    @Query({ schema: logoutQuerySchema }) { everywhere }: { readonly everywhere: string },
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    if (everywhere !== 'false') await this.users.endSessions(requireOwnLogin());
    this.sessions.close(response);
  }

  @Get('me')
  @Allow('self.use')
  @ApiAnswer('Who asks, and what he may do', meSchema)
  me(@Req() request: IncomingMessage): Me {
    return shownMe(currentPerson(), askerOf(request)?.until ?? null);
  }

  @Put('me/password')
  @HttpCode(204)
  @Allow('self.use')
  @ApiDone('Change the own password; the other sessions and all API tokens end', 400, 401, 403)
  async password(
    @Body({ schema: ownPasswordSchema }) body: OwnPassword,
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    const name = requireOwnLogin();
    await this.logins.changePassword(name, body, askerOf(request)?.from ?? '');
    this.sessions.open({ kind: 'user', name, grants: [] }, response);
  }

  @Get('me/tokens')
  @Allow('self.use')
  @ApiAnswer('The own API tokens, oldest first', tokenOutputSchema.array(), 403)
  listTokens(): Promise<readonly TokenOutput[]> {
    return this.tokens.list(requireOwnLogin());
  }

  @Post('me/tokens')
  @HttpCode(200)
  @Allow('self.use')
  @ApiAnswer('Make an API token; its secret is shown this once', newTokenSchema, 400, 403, 409)
  createToken(@Body({ schema: tokenWriteSchema }) body: TokenWrite): Promise<NewToken> {
    return this.tokens.create(requireOwnLogin(), body);
  }

  @Delete('me/tokens/:id')
  @HttpCode(204)
  @Allow('self.use')
  @ApiEnd('Revoke an own API token')
  revokeToken(@Param('id', { schema: tokenIdSchema }) id: string): Promise<void> {
    const { name, token } = currentPerson();
    // A token may end itself, and no other one.
    return this.tokens.revoke(token?.id === id ? name : requireOwnLogin(), id);
  }

  #note(action: string, by: string, from: string, status: number): void {
    const request = 'POST /api/v1/auth/login';
    this.audit.note({
      action,
      by,
      as: 'user',
      token: null,
      from,
      request,
      subject: `users/${by}`,
      status,
      reason: '',
      change: null,
      revisions: [],
    });
  }
}

function shownMe(person: Person, until: number | null): Me {
  const { name, kind, token, grants, within } = person;
  const names = Object.keys(actions) as ActionName[];
  const may = Object.fromEntries(names.map((action) => [action, reach(person, action)])) as Me['actions'];
  return { name, kind, token, grants: [...grants], ...(within && { within: [...within] }), until, actions: may };
}

function reach(person: Person, action: ActionName): Me['actions'][ActionName] {
  const { role, scope } = actions[action];
  const onAll = (grants: Person['grants']): boolean => grants.some((grant) => grant.channels === '*' && has(grant.role));
  const has = (own: (typeof roles)[number]): boolean => roles.indexOf(own) >= roles.indexOf(role);
  const both = [person.grants, person.within ?? person.grants];
  if (both.every(onAll) || (scope === 'self' && isAllowed(person, action, null))) return 'everywhere';
  if (scope === 'global') return 'no';
  return both.every((grants) => grants.some((grant) => has(grant.role))) ? 'some' : 'no';
}
