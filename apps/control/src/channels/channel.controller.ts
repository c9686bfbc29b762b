/** /api/v1/channels */
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ClusterLevel } from '@lutra/host';
import { channelSchema, nameSchema } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { maySee } from '../access/person.js';
import type { Versioned } from '../configuration/configuration.js';
import { ConnectedGuard, FromMemory } from '../http/connected.guard.js';
import { ApiAnswer, ApiCreate, ApiFind, ApiList, ApiRemove, ApiReplace } from '../http/openapi.js';
import { reasonQuery } from '../http/reason-query.js';
import { channelActionSchema, channelWriteSchema, flagSchema } from '../http/schemas.js';
import type { ChannelAction, ChannelWrite } from '../http/schemas.js';
import { requireIfMatch, requireSameName, sendCreated, sendListed, sendVersioned } from '../http/versions.js';
import type { Response } from '../http/versions.js';
import type { AddedSeeds } from '../seeds/added-seed.service.js';
import { addedSeedsSchema, replaceQuerySchema } from '../seeds/seed.schemas.js';
import type { AddedSeedsAnswer, ReplaceQuery } from '../seeds/seed.schemas.js';
import { amounts } from '../seeds/seed-amounts.js';
import { LEVEL } from '../tokens.js';
import { ChannelActionService } from './channel-action.service.js';
import type { ActionResult } from './channel-action.service.js';
import { ChannelService } from './channel.service.js';
import { effective, sendAction } from './shown-channel.js';

const path = '/api/v1/channels';
const force = { name: 'force', required: false, schema: { type: 'boolean' as const } };

@UseGuards(ConnectedGuard)
@ApiTags('channels')
@Controller(path)
export class ChannelController {
  constructor(
    @Inject(ChannelService) private readonly channels: ChannelService,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
  ) {}

  @Get()
  @FromMemory()
  @Allow('overview.read')
  @ApiList('All channels', channelSchema)
  async list(@Res({ passthrough: true }) response: Response): Promise<readonly ChannelDocument[]> {
    const { documents, invalid } = await this.channels.list();
    const seen = { documents: documents.filter(({ name }) => maySee(name)), invalid: invalid.filter(maySee) };
    return sendListed(response, seen).map((channel) => this.#effective(channel));
  }

  @Post()
  @Allow('channel.write', 'body')
  @ApiCreate('Create a channel, stopped', channelSchema)
  async create(
    @Body({ schema: channelWriteSchema }) body: ChannelWrite,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelDocument> {
    return sendCreated(response, path, this.#versioned(await this.channels.create(body)));
  }

  @Get(':name')
  @FromMemory()
  @Allow('channel.read', 'name')
  @ApiFind('One channel', channelSchema)
  async find(
    @Param('name', { schema: nameSchema }) name: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelDocument> {
    return sendVersioned(response, this.#versioned(await this.channels.find(name)));
  }

  @Put(':name')
  @Allow('channel.write', 'name')
  @ApiQuery(force)
  @ApiQuery({ name: 'seed', required: false, schema: { type: 'boolean' } })
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiReplace(
    'Replace a channel; its state stays. Unless it is stopped, tables that it takes in are checked as a start does; force: in spite of that, and of removed tables before; seed: such tables are seeded; dryRun, with seed: which ones, and nothing is written',
    z.union([channelSchema, addedSeedsSchema]),
  )
  async replace(
    @Param('name', { schema: nameSchema }) name: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Query({ schema: replaceQuerySchema }) { force: forced, seed, dryRun }: ReplaceQuery,
    @Body({ schema: channelWriteSchema }) body: ChannelWrite,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelDocument | AddedSeedsAnswer> {
    requireSameName(name, body.name);
    const how = { ifMatch: requireIfMatch(ifMatch), force: forced, seed };
    if (dryRun) return toAddedSeeds(await this.channels.preview(body, how));
    return sendVersioned(response, this.#versioned(await this.channels.replace(body, how)));
  }

  @Delete(':name')
  @Allow('channel.write', 'name')
  @HttpCode(204)
  @ApiRemove('Remove a stopped channel')
  remove(@Param('name', { schema: nameSchema }) name: string, @Headers('if-match') ifMatch: string | undefined): Promise<void> {
    return this.channels.remove(name, requireIfMatch(ifMatch));
  }

  @Post(':name/start')
  @Allow('channel.run', 'name')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiQuery(force)
  @ApiAnswer(
    'Check the servers, then run; force: run in spite of problems of the servers, which the status shows until you confirm it',
    channelActionSchema,
    404,
    409,
  )
  async start(
    @Param('name', { schema: nameSchema }) name: string,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return this.#shown(response, await this.actions.start({ channel: name }, flag));
  }

  @Post(':name/pause')
  @Allow('channel.run', 'name')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiQuery(force)
  @ApiAnswer('Loaders wait, captures continue (from stopped: checks first, as start does)', channelActionSchema, 404, 409)
  async pause(
    @Param('name', { schema: nameSchema }) name: string,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return this.#shown(response, await this.actions.pause({ channel: name }, flag));
  }

  @Post(':name/stop')
  @Allow('channel.run', 'name')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiAnswer('Stop; captures that other channels need continue', channelActionSchema, 404)
  async stop(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<ChannelAction> {
    return this.#shown(response, await this.actions.stop({ channel: name }));
  }

  @Post(':name/retry')
  @Allow('channel.run', 'name')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiAnswer('Retry failed endpoints and pipelines now', channelActionSchema, 404)
  async retry(@Param('name', { schema: nameSchema }) name: string, @Res({ passthrough: true }) response: Response): Promise<ChannelAction> {
    return this.#shown(response, await this.actions.retry({ channel: name }));
  }

  #shown(response: Response, result: ActionResult): ChannelAction {
    return sendAction(response, result, this.level.current);
  }

  #versioned({ document, version }: Versioned<ChannelDocument>): Versioned<ChannelDocument> {
    return { document: this.#effective(document), version };
  }

  #effective(channel: ChannelDocument): ChannelDocument {
    return effective(channel, this.level.current);
  }
}

function toAddedSeeds({ seeds, problems }: AddedSeeds): AddedSeedsAnswer {
  const shownSeeds = seeds.map(({ pipeline, order, look }) => ({ pipeline: pipeline.name, order, ...amounts(look) }));
  return { dryRun: true, seeds: shownSeeds, problems: [...problems] };
}
