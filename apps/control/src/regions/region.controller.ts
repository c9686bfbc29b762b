/** /api/v1/regions */
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { nameSchema, regionInputSchema } from '@lutra/model';
import type { RegionInput } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, FromMemory } from '../http/connected.guard.js';
import { ApiCreate, ApiFind, ApiList, ApiRemove, ApiReplace } from '../http/openapi.js';
import { flagSchema, regionOutputSchema } from '../http/schemas.js';
import type { RegionOutput } from '../http/schemas.js';
import { requireIfMatch, requireSameName, sendCreated, sendListed, sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import { ChangedRegionService } from './changed-region.service.js';
import { RegionService } from './region.service.js';

const path = '/api/v1/regions';
const force = { name: 'force', required: false, schema: { type: 'boolean' as const } };

@UseGuards(ConnectedGuard)
@ApiTags('regions')
@Controller(path)
export class RegionController {
  constructor(
    @Inject(RegionService) private readonly regions: RegionService,
    @Inject(ChangedRegionService) private readonly changes: ChangedRegionService,
  ) {}

  @Get()
  @FromMemory()
  @Allow('region.read')
  @ApiList('All regions', regionOutputSchema)
  async list(@Res({ passthrough: true }) response: Response): Promise<readonly RegionOutput[]> {
    return sendListed(response, await this.regions.list());
  }

  @Post()
  @Allow('region.write')
  @ApiCreate('Create a region', regionOutputSchema)
  async create(
    @Body({ schema: regionInputSchema }) body: RegionInput,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegionOutput> {
    return sendCreated(response, path, await this.regions.create(body));
  }

  @Get(':name')
  @FromMemory()
  @Allow('region.read')
  @ApiFind('One region', regionOutputSchema)
  async find(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<RegionOutput> {
    return sendVersioned(response, await this.regions.find(name));
  }

  @Put(':name')
  @Allow('region.write')
  @ApiQuery(force)
  @ApiReplace(
    'Replace a region. While a channel that is not stopped uses it, its Kafka must answer and have the topics; force: in spite of that',
    regionOutputSchema,
  )
  async replace(
    @Param('name', { schema: nameSchema }) name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Body({ schema: regionInputSchema }) body: RegionInput,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegionOutput> {
    requireSameName(name, body.name);
    const how = { ifMatch: requireIfMatch(ifMatch), forced: await this.changes.require(body, flag) };
    return sendVersioned(response, await this.regions.replace(body, how));
  }

  @Delete(':name')
  @Allow('region.write')
  @HttpCode(204)
  @ApiRemove('Remove a region that no endpoint names')
  remove(@Param('name', { schema: nameSchema }) name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.regions.remove(name, requireIfMatch(ifMatch));
  }
}
