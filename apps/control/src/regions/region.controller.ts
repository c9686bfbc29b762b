/** /api/v1/regions */
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema, regionSchema } from '@lutra/model';
import type { RegionDocument } from '@lutra/model';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiCreate, ApiFind, ApiList, ApiRemove, ApiReplace } from '../http/openapi.js';
import { requireIfMatch, requireSameName, sendCreated, sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import { RegionService } from './region.service.js';

const path = '/api/v1/regions';

@UseGuards(ConnectedGuard)
@ApiTags('regions')
@Controller(path)
export class RegionController {
  constructor(@Inject(RegionService) private readonly regions: RegionService) {}

  @Get()
  @ApiList('All regions', regionSchema)
  list(): Promise<readonly RegionDocument[]> {
    return this.regions.list();
  }

  @Post()
  @ApiCreate('Create a region', regionSchema)
  async create(
    @Body({ schema: regionSchema }) body: RegionDocument,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegionDocument> {
    return sendCreated(response, path, await this.regions.create(body));
  }

  @Get(':name')
  @ApiFind('One region', regionSchema)
  async find(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<RegionDocument> {
    return sendVersioned(response, await this.regions.find(name));
  }

  @Put(':name')
  @ApiReplace('Replace a region', regionSchema)
  async replace(
    @Param('name', { schema: nameSchema }) name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body({ schema: regionSchema }) body: RegionDocument,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RegionDocument> {
    requireSameName(name, body.name);
    return sendVersioned(response, await this.regions.replace(body, requireIfMatch(ifMatch)));
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiRemove('Remove a region that no endpoint names')
  remove(@Param('name', { schema: nameSchema }) name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.regions.remove(name, requireIfMatch(ifMatch));
  }
}
