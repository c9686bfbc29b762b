/** /api/v1/endpoints */
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, FromMemory, WhileRegressed } from '../http/connected.guard.js';
import { ApiAnswer, ApiCreate, ApiFind, ApiList, ApiRemove, ApiReplace } from '../http/openapi.js';
import { checkResultSchema, endpointOutputSchema, endpointWriteSchema, flagSchema } from '../http/schemas.js';
import type { CheckResult, EndpointOutput, EndpointWrite } from '../http/schemas.js';
import { requireIfMatch, requireSameName, sendCreated, sendListed, sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import { ChangedEndpointService } from './changed-endpoint.service.js';
import { EndpointCheckService } from './endpoint-check.service.js';
import { EndpointService } from './endpoint.service.js';

const path = '/api/v1/endpoints';
const force = { name: 'force', required: false, schema: { type: 'boolean' as const } };

@UseGuards(ConnectedGuard)
@ApiTags('endpoints')
@Controller(path)
export class EndpointController {
  constructor(
    @Inject(EndpointService) private readonly endpoints: EndpointService,
    @Inject(EndpointCheckService) private readonly checks: EndpointCheckService,
    @Inject(ChangedEndpointService) private readonly changes: ChangedEndpointService,
  ) {}

  @Get()
  @FromMemory()
  @Allow('endpoint.read')
  @ApiList('All endpoints', endpointOutputSchema)
  async list(@Res({ passthrough: true }) response: Response): Promise<readonly EndpointOutput[]> {
    return sendListed(response, await this.endpoints.list());
  }

  @Post()
  @Allow('endpoint.write')
  @ApiCreate('Create an endpoint', endpointOutputSchema)
  async create(
    @Body({ schema: endpointWriteSchema }) body: EndpointWrite,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EndpointOutput> {
    return sendCreated(response, path, await this.endpoints.create(body));
  }

  @Post('check')
  @Allow('endpoint.write')
  @WhileRegressed()
  @HttpCode(200)
  @ApiAnswer('Check a database server before it is saved as an endpoint', checkResultSchema, 400)
  checkUnsaved(@Body({ schema: endpointWriteSchema }) body: EndpointWrite): Promise<CheckResult> {
    return this.checks.checkUnsaved(body);
  }

  @Get(':name')
  @FromMemory()
  @Allow('endpoint.read')
  @ApiFind('One endpoint', endpointOutputSchema)
  async find(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<EndpointOutput> {
    return sendVersioned(response, await this.endpoints.find(name));
  }

  @Put(':name')
  @Allow('endpoint.write')
  @ApiQuery(force)
  @ApiReplace(
    'Replace an endpoint; without a password the stored one stays. While a channel that is not stopped uses it, its server is checked as a start does; force: in spite of that',
    endpointOutputSchema,
  )
  async replace(
    @Param('name', { schema: nameSchema }) name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Body({ schema: endpointWriteSchema }) body: EndpointWrite,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EndpointOutput> {
    requireSameName(name, body.name);
    const how = { ifMatch: requireIfMatch(ifMatch), forced: await this.changes.require(body, flag) };
    return sendVersioned(response, await this.endpoints.replace(body, how));
  }

  @Delete(':name')
  @Allow('endpoint.write')
  @HttpCode(204)
  @ApiRemove('Remove an endpoint that no channel uses')
  remove(@Param('name', { schema: nameSchema }) name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.endpoints.remove(name, requireIfMatch(ifMatch));
  }

  @Post(':name/check')
  @Allow('endpoint.check')
  @WhileRegressed()
  @HttpCode(200)
  @ApiAnswer('Check the database server for the channels that use it', checkResultSchema, 404)
  check(@Param('name', { schema: nameSchema }) name: string): Promise<CheckResult> {
    return this.checks.checkStored(name);
  }
}
