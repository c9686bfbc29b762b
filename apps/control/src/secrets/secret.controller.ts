/** /api/v1/secrets: what secrets are sealed with, never the secrets. */
import { Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { resealedSchema, secretsSchema } from './secret.schemas.js';
import type { Resealed, Secrets } from './secret.schemas.js';
import { SecretService } from './secret.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('secrets')
@Controller('/api/v1/secrets')
export class SecretController {
  constructor(@Inject(SecretService) private readonly secrets: SecretService) {}

  @Get()
  @Allow('secret.use')
  @ApiAnswer('How many secrets each key seals, and which are references', secretsSchema)
  list(): Promise<Secrets> {
    return this.secrets.list();
  }

  @Post('rotate')
  @Allow('secret.use')
  @HttpCode(200)
  @ApiAnswer('Seal all secrets with the first key; refused while a live process lacks it', resealedSchema, 409)
  rotate(): Promise<Resealed> {
    return this.secrets.rotate();
  }
}
