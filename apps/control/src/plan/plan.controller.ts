/** /api/v1/plan, /apply, /export, and /<kind>/<name>/history/<revision>/plan */
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Res, UseGuards } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { currentPerson } from '../access/person.js';
import { withoutUnseen } from '../access/unseen.js';
import { historyKindSchema, historyRevisionSchema } from '../history/history.schemas.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import type { Response } from '../http/versions.js';
import { REGISTRY } from '../tokens.js';
import { ApplyService } from './apply.service.js';
import { DocumentService } from './document.service.js';
import type { DocumentKind } from './lutra-document.js';
import { appliedSchema, applyBodySchema, planBodySchema, planSchema, rollbackBodySchema } from './plan.schemas.js';
import type { AppliedAnswer, ApplyBody, PlanAnswer, PlanBody, RollbackBody } from './plan.schemas.js';
import { PlanService } from './plan.service.js';
import type { PlanRequest } from './plan.service.js';
import { ServerProblemsService } from './server-problems.service.js';

const types = { yaml: 'application/yaml; charset=utf-8', json: 'application/json; charset=utf-8' } as const;

@UseGuards(ConnectedGuard)
@ApiTags('plan')
@Controller('/api/v1')
export class PlanController {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(DocumentService) private readonly documents: DocumentService,
    @Inject(PlanService) private readonly plans: PlanService,
    @Inject(ServerProblemsService) private readonly servers: ServerProblemsService,
    @Inject(ApplyService) private readonly applies: ApplyService,
  ) {}

  @Post('plan')
  @Allow('plan.make')
  @HttpCode(200)
  @ApiAnswer('What a document would change, and what that does to what runs. Writes nothing', planSchema, 400)
  async plan(@Body({ schema: planBodySchema }) body: PlanBody): Promise<PlanAnswer> {
    return this.#planned(await this.documents.read(body));
  }

  @Post('apply')
  @Allow('plan.apply')
  @HttpCode(200)
  @ApiAnswer('Carry out the plan that was shown, if it is still the same', appliedSchema, 400, 403, 404, 409, 413)
  async apply(@Body({ schema: applyBodySchema }) body: ApplyBody): Promise<AppliedAnswer> {
    const { document, prune, select, rollback } = body;
    const request = rollback ? await this.documents.back(rollback) : await this.documents.read({ document: document ?? '', prune, select });
    return this.applies.apply(request, body);
  }

  @Get('export')
  @Allow('plan.make')
  @ApiProduces('application/yaml', 'application/json')
  @ApiAnswer('The configuration as a lutra.yaml (JSON: Accept: application/json), without secrets', z.string())
  async export(@Headers('accept') accept: string | undefined, @Res() response: Response): Promise<void> {
    const format = /\bjson\b/.test(accept ?? '') ? 'json' : 'yaml';
    const text = await this.documents.export(format);
    response.setHeader('Content-Type', types[format]);
    response.end(text);
  }

  @Post(':kind/:name/history/:revision/plan')
  @Allow('plan.make', 'history')
  @HttpCode(200)
  @ApiAnswer(
    'What it would change to bring a document back. Writes nothing; POST /api/v1/apply with `rollback` does it',
    planSchema,
    400,
    404,
  )
  async rollback(
    @Param('kind', { schema: historyKindSchema }) kind: DocumentKind,
    @Param('name', { schema: nameSchema }) name: string,
    @Param('revision', { schema: historyRevisionSchema }) revision: number,
    @Body({ schema: rollbackBodySchema }) body: RollbackBody,
  ): Promise<PlanAnswer> {
    return this.#planned(await this.documents.back({ kind, name, revision, ...body }));
  }

  /** Servers are asked where the documents are not in the way already. */
  async #planned(request: PlanRequest): Promise<PlanAnswer> {
    const snapshot = await this.registry.snapshot.latest();
    const plan = await this.plans.make(snapshot, request);
    const isRefused = plan.answer.problems.some(({ severity }) => severity === 'error');
    const problems = isRefused ? plan.answer.problems : [...plan.answer.problems, ...(await this.servers.of(plan))];
    return { ...plan.answer, problems: withoutUnseen(currentPerson(), snapshot)(problems) };
  }
}
