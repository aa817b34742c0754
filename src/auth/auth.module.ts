import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessGuard } from './access.guard.js';
import { AuthChallenge } from './auth-challenge.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { FailureLimiter } from './failure-limiter.js';
import { KeyChanges } from './key-changes.js';
import { KeyDirectory } from './key-directory.js';
import { VirtualKeyEntity } from './key.entity.js';
import { KeysController } from './keys.controller.js';
import { KeysService } from './keys.service.js';
import { MasterKeyStrategy } from './master-key.strategy.js';
import { PublicUrl } from './public-url.js';
import { ServerGrants } from './server-grants.js';
import { UndeclaredRoutes } from './undeclared-routes.js';
import { VirtualKeyStrategy } from './virtual-key.strategy.js';

/** Who calls, and may they use this route? Needs a global provider of `ServerReferences`. */
@Module({
  imports: [DiscoveryModule, PassportModule, TypeOrmModule.forFeature([VirtualKeyEntity])],
  controllers: [KeysController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    UndeclaredRoutes,
    MasterKeyStrategy,
    VirtualKeyStrategy,
    CallerAuthenticator,
    AuthChallenge,
    PublicUrl,
    FailureLimiter,
    KeyDirectory,
    KeyChanges,
    KeysService,
    ServerGrants,
  ],
  exports: [CallerAuthenticator, AuthChallenge, PublicUrl, KeyDirectory, ServerGrants],
})
export class AuthModule {}
