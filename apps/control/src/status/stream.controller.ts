/** GET /api/v1/stream: for pages that stay open. */
import { Controller, Get, Inject, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiStream } from '../http/openapi.js';
import type { Response } from '../http/versions.js';
import { StatusStreamService } from './status-stream.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('status')
@Controller('/api/v1/stream')
export class StreamController {
  constructor(@Inject(StatusStreamService) private readonly streams: StatusStreamService) {}

  @Get()
  @Allow('overview.read')
  @ApiStream(
    'The status as server-sent events: `status` is all of it, `change` has the channels that changed and the names of all, `alive` says that nothing did. Ends after a minute: open it again',
  )
  open(@Res() response: Response): void {
    this.streams.open(response);
  }
}
