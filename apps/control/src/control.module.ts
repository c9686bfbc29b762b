/** Everything that control is made of, around what createApp hands in. */
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { createHttpSchemaStore } from '@lutra/registry';
import type { Registry, TreeFollower } from '@lutra/registry';
import type { Health, Logger, Metrics } from '@lutra/telemetry';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access/access.guard.js';
import { AuthController } from './access/auth.controller.js';
import { Clients } from './access/client.js';
import { LastUses } from './access/last-uses.js';
import { LoginService } from './access/login.service.js';
import { Passwords } from './access/passwords.js';
import { People } from './access/people.js';
import { Sessions } from './access/sessions.js';
import { TokenService } from './access/token.service.js';
import { UserController } from './access/user.controller.js';
import { UserService } from './access/user.service.js';
import { AUDIT } from './audit/audit.js';
import { AboutController } from './about/about.controller.js';
import { OidcConfigService } from './access/oidc/oidc-config.service.js';
import { OidcController, OidcLoginController } from './access/oidc/oidc.controller.js';
import { OidcService } from './access/oidc/oidc.service.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditCopyService } from './audit/audit-copy.service.js';
import { AuditMemory } from './audit/audit-memory.js';
import { AuditReaderService } from './audit/audit-reader.service.js';
import { AuditSearchService } from './audit/audit-search.service.js';
import { AuditService } from './audit/audit.service.js';
import { AuditTopicService } from './audit/audit-topic.service.js';
import { AddedTablesService } from './channels/added-tables.service.js';
import { RemovedTablesService } from './channels/removed-tables.service.js';
import { UidService } from './channels/uid.service.js';
import { WayBackService } from './channels/way-back.service.js';
import { ChannelActionService } from './channels/channel-action.service.js';
import { ChannelController } from './channels/channel.controller.js';
import { ChannelOperationsService } from './channels/channel-operations.service.js';
import { ChannelService } from './channels/channel.service.js';
import { ConflictController } from './conflicts/conflict.controller.js';
import { ConflictEntryService } from './conflicts/conflict-entry.service.js';
import { ConflictRetentionService } from './conflicts/conflict-retention.service.js';
import { ConflictService } from './conflicts/conflict.service.js';
import { HistoryController } from './history/history.controller.js';
import { HistoryService } from './history/history.service.js';
import { ConfigurationService } from './configuration/configuration.service.js';
import { DdlController } from './ddl/ddl.controller.js';
import { DdlService } from './ddl/ddl.service.js';
import { ChangedEndpointService } from './endpoints/changed-endpoint.service.js';
import { EndpointCheckService } from './endpoints/endpoint-check.service.js';
import { EndpointController } from './endpoints/endpoint.controller.js';
import { EndpointFollowService } from './endpoints/endpoint-follow.service.js';
import { EndpointResetService } from './endpoints/endpoint-reset.service.js';
import { EndpointRestartService } from './endpoints/endpoint-restart.service.js';
import { EndpointService } from './endpoints/endpoint.service.js';
import { SecretController } from './secrets/secret.controller.js';
import { SecretService } from './secrets/secret.service.js';
import { EndpointRecoveryController } from './endpoints/recovery.controller.js';
import type { Environment } from './environment.js';
import { BackupController } from './backup/backup.controller.js';
import { BackupService } from './backup/backup.service.js';
import { FilesController } from './files/files.controller.js';
import { FilesService } from './files/files.service.js';
import { ConnectedGuard, ReachableGuard } from './http/connected.guard.js';
import { LevelController } from './level/level.controller.js';
import { LevelService } from './level/level.service.js';

import { OperationController } from './operations/operation.controller.js';
import { OperationIoService } from './operations/operation-io.service.js';
import { OperationRunnerService } from './operations/operation-runner.service.js';
import { OperationService } from './operations/operation.service.js';
import { PipelineActionController } from './pipelines/pipeline-action.controller.js';
import { PipelineController } from './pipelines/pipeline.controller.js';
import { TargetQueryService } from './pipelines/target-query.service.js';
import { PipelineAccessService } from './pipelines/pipeline-access.service.js';
import { PipelineEndService } from './pipelines/pipeline-end.service.js';
import { PipelineService } from './pipelines/pipeline.service.js';
import { PipelineRecoveryController } from './pipelines/recovery.controller.js';
import { PipelineRecoveryService } from './pipelines/recovery.service.js';
import { RecoverySubjectService } from './pipelines/recovery-subject.service.js';
import { RewindService } from './pipelines/rewind.service.js';
import { TableSuspensionController } from './pipelines/table-suspension.controller.js';
import { TableSuspensionService } from './pipelines/table-suspension.service.js';
import { ChangedRegionService } from './regions/changed-region.service.js';
import { RegionController } from './regions/region.controller.js';
import { RegionService } from './regions/region.service.js';
import { RevisionController } from './revision/revision.controller.js';
import { RevisionService } from './revision/revision.service.js';
import { SchemaRegistryController } from './schema-registry/schema-registry.controller.js';
import { AddedSeedService } from './seeds/added-seed.service.js';
import { ChannelSeedService } from './seeds/channel-seed.service.js';
import { SeedController } from './seeds/seed.controller.js';
import { SeedLookService } from './seeds/seed-look.service.js';
import { SeedService } from './seeds/seed.service.js';
import { OrderStatusService } from './status/order-status.service.js';
import { OmissionService } from './status/omission.service.js';
import { StatusController } from './status/status.controller.js';
import { StatusService } from './status/status.service.js';
import { StatusStreamService } from './status/status-stream.service.js';
import { StreamController } from './status/stream.controller.js';
import { UnequalService } from './unequal/unequal.service.js';
import { DifferenceService } from './verifications/difference.service.js';
import { FollowUpService } from './verifications/follow-up.service.js';
import { HealService } from './verifications/heal.service.js';
import { RepairLookService } from './verifications/repair-look.service.js';
import { RepairService } from './verifications/repair.service.js';
import { VerificationController } from './verifications/verification.controller.js';
import { VerificationService } from './verifications/verification.service.js';
import { ApplyService } from './plan/apply.service.js';
import { DroppedTablesService } from './plan/dropped-tables.service.js';
import { DocumentService } from './plan/document.service.js';
import { PlanController } from './plan/plan.controller.js';
import { PlanService } from './plan/plan.service.js';
import { PrepareController } from './prepare/prepare.controller.js';
import { PrepareService } from './prepare/prepare.service.js';
import { ProbeService } from './prepare/probe.service.js';
import { UnprepareService } from './prepare/unprepare.service.js';
import { ServerProblemsService } from './plan/server-problems.service.js';
import { HealthController } from './http/health.controller.js';
import { CLIENTS, ENVIRONMENT, HEALTH, LEVEL, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY, TREE } from './tokens.js';
import type { SecretKey } from './tokens.js';

export interface ControlParts {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly tree: TreeFollower;
  readonly secretKey: SecretKey;
  readonly level: ClusterLevel;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly logger: Logger;
}

@Module({})
class ControlModule {}

export function controlModule(parts: ControlParts): DynamicModule {
  const { environment, registry, tree, secretKey, level, metrics, health, logger } = parts;
  return {
    module: ControlModule,
    controllers: [
      RegionController,
      EndpointController,
      EndpointRecoveryController,
      SecretController,
      StatusController,
      StreamController,
      LevelController,
      ChannelController,
      PipelineActionController,
      TableSuspensionController,
      PipelineController,
      OperationController,
      PipelineRecoveryController,
      DdlController,
      FilesController,
      SeedController,
      VerificationController,
      ConflictController,
      AboutController,
      HealthController,
      SchemaRegistryController,
      BackupController,
      RevisionController,
      HistoryController,
      AuthController,
      UserController,
      OidcController,
      OidcLoginController,
      PlanController,
      PrepareController,
      AuditController,
    ],
    providers: [
      { provide: ENVIRONMENT, useValue: environment },
      { provide: REGISTRY, useValue: registry },
      { provide: TREE, useValue: tree },
      { provide: SECRET_KEY, useValue: secretKey },
      {
        provide: SCHEMAS,
        useValue: environment.schemaRegistryUrl ? createHttpSchemaStore(environment.schemaRegistryUrl) : registry.schemas,
      },
      { provide: LEVEL, useValue: level },
      { provide: METRICS, useValue: metrics },
      { provide: HEALTH, useValue: health },
      { provide: LOGGER, useValue: logger },
      { provide: CLIENTS, useValue: new Clients(environment.trustedProxies) },
      { provide: APP_GUARD, useClass: AccessGuard },
      People,
      Passwords,
      Sessions,
      LastUses,
      LoginService,
      UserService,
      TokenService,
      ConnectedGuard,
      ReachableGuard,
      LevelService,
      ConfigurationService,
      HistoryService,
      DocumentService,
      DroppedTablesService,
      ServerProblemsService,
      PlanService,
      ApplyService,
      PrepareService,
      UnprepareService,
      ProbeService,
      { provide: AuditMemory, useFactory: () => new AuditMemory() },
      AuditTopicService,
      AuditService,
      { provide: AUDIT, useExisting: AuditService },
      AuditCopyService,
      AuditReaderService,
      AuditSearchService,
      RegionService,
      SecretService,
      EndpointService,
      EndpointCheckService,
      ChangedEndpointService,
      ChangedRegionService,
      AddedTablesService,
      RemovedTablesService,
      WayBackService,
      UidService,
      EndpointRestartService,
      EndpointResetService,
      EndpointFollowService,
      ChannelOperationsService,
      ChannelService,
      ChannelActionService,
      PipelineService,
      OperationIoService,
      OperationService,
      OperationRunnerService,
      RecoverySubjectService,
      PipelineRecoveryService,
      RewindService,
      TableSuspensionService,
      PipelineAccessService,
      PipelineEndService,
      SeedLookService,
      ChannelSeedService,
      AddedSeedService,
      SeedService,
      VerificationService,
      FollowUpService,
      HealService,
      RepairService,
      RepairLookService,
      UnequalService,
      TargetQueryService,
      FilesService,
      DdlService,
      DifferenceService,
      ConflictService,
      ConflictEntryService,
      ConflictRetentionService,
      BackupService,
      OmissionService,
      OrderStatusService,
      StatusService,
      StatusStreamService,
      RevisionService,
      OidcConfigService,
      OidcService,
    ],
  };
}
