/** /api/v1/files and /api/v1/channels/:channel/pipelines/:pipeline/files */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { filesAppsSchema, previewSchema, previewWriteSchema } from './files.schemas.js';
import type { FilesApps, Preview, PreviewWrite } from './files.schemas.js';
import { FilesService } from './files.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('files')
@Controller('/api/v1')
export class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService) {}

  @Get('files')
  @Allow('overview.read')
  @ApiAnswer(
    'The files apps that live, by region: where they are, which roots they have, and in which of them they place files',
    filesAppsSchema,
  )
  apps(): Promise<FilesApps> {
    return this.files.apps();
  }

  @Post('channels/:channel/pipelines/:pipeline/files/preview')
  @Allow('channel.read', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Which files a row names by the rules of its route, or why none; of a row as given, or of the one at the source with this key',
    previewSchema,
    400,
    404,
  )
  preview(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: previewWriteSchema }) body: PreviewWrite,
  ): Promise<Preview> {
    return this.files.preview(channel, pipeline, body);
  }
}
