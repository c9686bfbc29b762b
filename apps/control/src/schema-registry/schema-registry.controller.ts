/**
 * The schema registry in Confluent's REST shape, at the root, so that consumers written for Confluent's read our topics. Avro only,
 * compatibility NONE, nothing is ever deleted. https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Registry } from '@lutra/registry';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard, WhileRegressed } from '../http/connected.guard.js';
import { REGISTRY } from '../tokens.js';
import { avroSchema } from './avro-schema.js';
import { Confluent } from './confluent.decorator.js';
import { SchemaRegistryError } from './schema-registry.error.js';

const bodySchema = z.object({
  schema: z.string().min(1),
  schemaType: z.string().optional(),
  references: z.array(z.unknown()).optional(),
});
type SchemaBody = z.infer<typeof bodySchema>;

interface SubjectVersion {
  readonly subject: string;
  readonly id: number;
  readonly version: number;
  readonly schema: string;
}

const compatibility = { compatibilityLevel: 'NONE' } as const;

@UseGuards(ConnectedGuard)
@ApiTags('schema registry')
@Controller()
export class SchemaRegistryController {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  @Get()
  @Allow('schema.read')
  @Confluent('Is there')
  root(): object {
    return {};
  }

  @Get('schemas/types')
  @Allow('schema.read')
  @Confluent('AVRO, and nothing else')
  types(): readonly string[] {
    return ['AVRO'];
  }

  @Get('schemas/ids/:id')
  @Allow('schema.read')
  @Confluent('A schema by its id')
  async byId(@Param('id') id: string): Promise<{ readonly schema: string }> {
    const schema = /^\d{1,10}$/.test(id) ? await this.registry.schemas.byId(Number(id)) : null;
    if (schema === null) throw new SchemaRegistryError('schemaNotFound', `Schema ${id} not found`);
    return { schema };
  }

  @Get('subjects')
  @Allow('schema.read')
  @Confluent('All subjects')
  subjects(): Promise<readonly string[]> {
    return this.registry.schemas.subjects();
  }

  @Get('subjects/:subject/versions')
  @Allow('schema.read')
  @Confluent('The versions of a subject')
  versions(@Param('subject') subject: string): Promise<readonly number[]> {
    return this.#versionsOf(subject);
  }

  @Get('subjects/:subject/versions/:version')
  @Allow('schema.read')
  @Confluent('One version of a subject, or the latest')
  version(@Param('subject') subject: string, @Param('version') version: string): Promise<SubjectVersion> {
    return this.#find(subject, version);
  }

  @Get('subjects/:subject/versions/:version/schema')
  @Allow('schema.read')
  @Confluent('The schema of a version alone')
  async schemaOf(@Param('subject') subject: string, @Param('version') version: string): Promise<string> {
    return (await this.#find(subject, version)).schema;
  }

  @Post('subjects/:subject/versions')
  @Allow('schema.write')
  @WhileRegressed()
  @HttpCode(200)
  @Confluent('Register a schema under a subject')
  async register(@Param('subject') subject: string, @Body({ schema: bodySchema }) body: SchemaBody): Promise<{ readonly id: number }> {
    return { id: await this.registry.schemas.register(subject, avroSchema(body)) };
  }

  @Post('subjects/:subject')
  @Allow('schema.read')
  @WhileRegressed()
  @HttpCode(200)
  @Confluent('Look a schema up under a subject')
  async lookUp(@Param('subject') subject: string, @Body({ schema: bodySchema }) body: SchemaBody): Promise<SubjectVersion> {
    const versions = await this.#versionsOf(subject);
    const id = await this.registry.schemas.idOf(subject, avroSchema(body));
    for (const version of versions) {
      const found = id === null ? null : await this.registry.schemas.version(subject, version);
      if (found && found.id === id) return { subject, ...found };
    }
    throw new SchemaRegistryError('schemaNotFound', `Schema not found under subject '${subject}'`);
  }

  @Get('config')
  @Allow('schema.read')
  @Confluent('Compatibility, which is NONE')
  config(): typeof compatibility {
    return compatibility;
  }

  @Get('config/:subject')
  @Allow('schema.read')
  @Confluent('Compatibility of a subject, which is NONE')
  configOf(@Param('subject') _subject: string): typeof compatibility {
    return compatibility;
  }

  async #versionsOf(subject: string): Promise<readonly number[]> {
    const versions = await this.registry.schemas.versions(subject);
    if (versions.length === 0) throw new SchemaRegistryError('subjectNotFound', `Subject '${subject}' not found.`);
    return versions;
  }

  async #find(subject: string, version: string): Promise<SubjectVersion> {
    if (!/^(latest|-1|[1-9]\d{0,8})$/.test(version)) {
      throw new SchemaRegistryError(
        'invalidVersion',
        `The specified version '${version}' is not a valid version id: a number from 1, or "latest"`,
      );
    }
    await this.#versionsOf(subject);
    const wanted = version === 'latest' || version === '-1' ? 'latest' : Number(version);
    const found = await this.registry.schemas.version(subject, wanted);
    if (!found) throw new SchemaRegistryError('versionNotFound', `Version ${version} not found.`);
    return { subject, id: found.id, version: found.version, schema: found.schema };
  }
}
