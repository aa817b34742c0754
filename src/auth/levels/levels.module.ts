import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WriteLogModule } from '../../write-log/write-log.module.js';
import { AccessGroupController } from './access-group.controller.js';
import { AgentController } from './agent.controller.js';
import { CustomerController } from './customer.controller.js';
import { IDENTITY_ENTITIES } from './identity-kinds.js';
import { IdentityStore } from './identity-store.js';
import { LevelDirectory } from './level-directory.js';
import { OrganizationController } from './organization.controller.js';
import { TeamAuthority } from './team-authority.js';
import { TeamController } from './team.controller.js';
import { TeamsService } from './teams.service.js';
import { UserController } from './user.controller.js';
import { UsersService } from './users.service.js';

/** Teams, users, organisations, customers, agents and access groups. Needs a global provider of `ServerReferences`. */
@Module({
  imports: [WriteLogModule, TypeOrmModule.forFeature(Object.values(IDENTITY_ENTITIES))],
  controllers: [
    TeamController,
    UserController,
    OrganizationController,
    CustomerController,
    AgentController,
    AccessGroupController,
  ],
  providers: [LevelDirectory, IdentityStore, TeamAuthority, TeamsService, UsersService],
  exports: [LevelDirectory, IdentityStore, TeamAuthority, UsersService],
})
export class LevelsModule {}
