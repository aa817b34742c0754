import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuthModule } from '../auth/auth.module.js';
import { CatalogModule } from '../catalog/catalog.module.js';
import { OutboundModule } from '../outbound/outbound.module.js';
import { PermissionsModule } from '../permissions/permissions.module.js';
import { EmbeddingClient } from './embedding-client.js';
import { EmbeddingStore } from './embedding-store.js';
import { LexicalRanker } from './lexical-ranker.js';
import { SemanticFilterController } from './semantic-filter.controller.js';
import { SemanticFilterService } from './semantic-filter.service.js';
import { ToolEmbeddingEntity } from './tool-embedding.entity.js';
import { ToolVectors } from './tool-vectors.js';

/** Tools by meaning: which of a caller's tools fit what a user wants. */
@Module({
  imports: [
    AuthModule,
    CatalogModule,
    OutboundModule,
    PermissionsModule,
    TypeOrmModule.forFeature([ToolEmbeddingEntity]),
  ],
  controllers: [SemanticFilterController],
  providers: [EmbeddingClient, EmbeddingStore, LexicalRanker, SemanticFilterService, ToolVectors],
  exports: [SemanticFilterService],
})
export class SemanticFilterModule {}
