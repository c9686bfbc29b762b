/** /api/v1/users: the people, and their API tokens, as admins see them. */
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { ReachableGuard } from '../http/connected.guard.js';
import { ApiAnswer, ApiCreate, ApiDone, ApiEnd, ApiFind, ApiList, ApiRemove, ApiReplace } from '../http/openapi.js';
import { requireIfMatch, requireSameName, sendCreated, sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import {
  newPasswordSchema,
  newTokenSchema,
  newUserSchema,
  tokenIdSchema,
  tokenOutputSchema,
  tokenWriteSchema,
  userOutputSchema,
  userWriteSchema,
} from './access.schemas.js';
import type { NewToken, NewUser, TokenOutput, TokenWrite, UserOutput, UserWrite } from './access.schemas.js';
import { Allow } from './allow.js';
import { TokenService } from './token.service.js';
import { shownUser, UserService } from './user.service.js';

const path = '/api/v1/users';

@UseGuards(ReachableGuard)
@ApiTags('people')
@Controller(path)
@Allow('access.write')
export class UserController {
  constructor(
    @Inject(UserService) private readonly users: UserService,
    @Inject(TokenService) private readonly tokens: TokenService,
  ) {}

  @Get()
  @ApiList('All users', userOutputSchema)
  list(): Promise<readonly UserOutput[]> {
    return this.users.list();
  }

  @Post()
  @ApiCreate('Create a user', userOutputSchema)
  async create(@Body({ schema: newUserSchema }) body: NewUser, @Res({ passthrough: true }) response: Response): Promise<UserOutput> {
    const { document, version } = await this.users.create(body);
    return sendCreated(response, path, { document: shownUser(document), version });
  }

  @Get(':name')
  @ApiFind('One user', userOutputSchema)
  async find(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<UserOutput> {
    const { document, version } = await this.users.find(name);
    return sendVersioned(response, { document: shownUser(document), version });
  }

  @Put(':name')
  @ApiReplace('Change the grants of a user, or disable him: his sessions and tokens end then', userOutputSchema)
  async replace(
    @Param('name', { schema: nameSchema }) name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: userWriteSchema }) body: UserWrite,
    @Res({ passthrough: true }) response: Response,
  ): Promise<UserOutput> {
    requireSameName(name, body.name);
    const { document, version } = await this.users.replace(body, requireIfMatch(ifMatch));
    return sendVersioned(response, { document: shownUser(document), version });
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiRemove('Remove a user with his tokens')
  remove(@Param('name', { schema: nameSchema }) name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.users.remove(name, requireIfMatch(ifMatch));
  }

  @Put(':name/password')
  @HttpCode(204)
  @ApiDone('Set the password of a user; null: no login by password. His sessions and tokens end', 400, 404, 409)
  setPassword(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: newPasswordSchema }) { password }: { readonly password: string | null },
  ): Promise<void> {
    return this.users.setPassword(name, password);
  }

  @Get(':name/tokens')
  @ApiAnswer('The API tokens of a user, oldest first', tokenOutputSchema.array(), 404)
  listTokens(@Param('name', { schema: nameSchema }) name: string): Promise<readonly TokenOutput[]> {
    return this.tokens.list(name);
  }

  @Post(':name/tokens')
  @HttpCode(200)
  @ApiAnswer('Make an API token for a user; its secret is shown this once', newTokenSchema, 400, 404, 409)
  createToken(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: tokenWriteSchema }) body: TokenWrite,
  ): Promise<NewToken> {
    return this.tokens.create(name, body);
  }

  @Delete(':name/tokens/:id')
  @HttpCode(204)
  @ApiEnd('Revoke an API token')
  revokeToken(@Param('name', { schema: nameSchema }) name: string, @Param('id', { schema: tokenIdSchema }) id: string): Promise<void> {
    return this.tokens.revoke(name, id);
  }
}
